-- The tables of a restored database that may hold rows of their own, largest first.
-- Partitioned tables hold none, and foreign tables hold somebody else's.
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY pg_relation_size(c.oid) DESC, n.nspname, c.relname
