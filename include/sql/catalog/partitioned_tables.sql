-- The partitioned tables of a database, or of one schema, that are to be analyzed by themselves. A server that can leave
-- their partitions out of it is asked about each; an older one goes through them, those that are partitioned among
-- them, and is asked about the topmost. With a foreign table below it, ANALYZE would ask another server.
SELECT n.nspname AS schema, c.relname AS name, current_setting('server_version_num')::int >= 180000 AS alone
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'p'
  AND (NOT c.relispartition OR current_setting('server_version_num')::int >= 180000)
  AND (CAST(:schema AS text) IS NULL OR n.nspname = :schema)
  AND NOT EXISTS (SELECT FROM pg_partition_tree(c.oid) t JOIN pg_class f ON f.oid = t.relid WHERE f.relkind = 'f')
ORDER BY 1, 2
