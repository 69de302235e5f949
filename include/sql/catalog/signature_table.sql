-- One text a table, view or other relation with columns: [schema, name, "", what it is]. search_path must be empty.
-- Partitions come and go, so the partitioned table speaks for them.
SELECT json_build_array(n.nspname, c.relname, '', concat(
         CASE WHEN c.relpersistence = 'u' THEN 'unlogged ' END,
         CASE c.relkind
           WHEN 'r' THEN 'table'
           WHEN 'p' THEN 'partitioned table BY ' || pg_get_partkeydef(c.oid)
           WHEN 'f' THEN 'foreign table'
           WHEN 'v' THEN 'view AS' || E'\n' || btrim(pg_get_viewdef(c.oid), E' \n;')
           WHEN 'm' THEN 'materialized view AS' || E'\n' || btrim(pg_get_viewdef(c.oid), E' \n;')
         END))::text AS sig
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND c.relpersistence <> 't'
  AND NOT c.relispartition
  AND c.relname <> '_prisma_migrations'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname
