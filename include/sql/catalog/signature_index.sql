-- One text an index that no constraint owns: [schema, table, name, definition]. search_path must be empty.
-- One whose build failed is marked INVALID, also on a partition. The index of a partitioned table counts as invalid as
-- long as any partition lacks its own, which is no failed build.
SELECT json_build_array(n.nspname, c.relname, i.relname, concat(
         pg_get_indexdef(x.indexrelid),
         CASE WHEN i.relkind = 'i' AND NOT (x.indisvalid AND x.indisready AND x.indislive)
              THEN ' INVALID' END))::text AS sig
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm')
  AND c.relpersistence <> 't'
  AND (NOT c.relispartition OR i.relkind = 'i' AND NOT (x.indisvalid AND x.indisready AND x.indislive))
  AND c.relname <> '_prisma_migrations'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname, i.relname
