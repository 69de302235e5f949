-- Indexes that the planner does not use because a build of them failed.
-- The index of a partitioned table is invalid as long as a partition lacks its own, which the schema's comparison shows.
SELECT n.nspname AS schema, c.relname AS name
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'i'
  AND NOT (i.indisvalid AND i.indisready AND i.indislive)
  AND n.nspname NOT LIKE 'pg\_toast%'
ORDER BY 1, 2
