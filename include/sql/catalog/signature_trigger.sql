-- One text a trigger: [schema, table, name, definition and whether it fires]. search_path must be empty.
SELECT json_build_array(n.nspname, c.relname, g.tgname, concat(
         pg_get_triggerdef(g.oid),
         CASE g.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA'
                          WHEN 'A' THEN ' ENABLED ALWAYS' END))::text AS sig
FROM pg_trigger g
JOIN pg_class c ON c.oid = g.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal
  AND c.relpersistence <> 't'
  AND NOT c.relispartition
  AND c.relname <> '_prisma_migrations'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname, g.tgname
