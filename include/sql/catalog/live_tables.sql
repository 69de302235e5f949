-- The tables of the live database, with what the last ANALYZE or VACUUM knew of their rows. Children are their own.
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name,
       greatest(c.reltuples, 0)::bigint AS estimate, format('%I.%I', n.nspname, c.relname) AS table_sql
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY c.relpages, n.nspname, c.relname
