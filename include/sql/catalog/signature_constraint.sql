-- One text a constraint: [schema, table, name, definition]. search_path must be empty.
-- NOT NULL is said of the column; a foreign key whose triggers are disabled is marked, for it holds nothing together.
-- What PostgreSQL derives for partitions (conparentid) is no constraint of its own.
SELECT json_build_array(n.nspname, c.relname, k.conname, concat(
         pg_get_constraintdef(k.oid),
         CASE WHEN k.contype = 'f' AND EXISTS (SELECT FROM pg_trigger g
                                               WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D')
              THEN ' DISABLED' END))::text AS sig
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u', 'x', 'f', 'c')
  AND k.conparentid = 0
  AND c.relpersistence <> 't'
  AND NOT c.relispartition
  AND c.relname <> '_prisma_migrations'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname, k.conname
