-- How large each table is, indexes and long values included, and about how many rows it has by the last ANALYZE or
-- VACUUM. A partitioned table is as large as its partitions.
SELECT n.nspname::text AS schema, c.relname::text AS name, s.bytes::bigint AS bytes, s.rows::bigint AS rows
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_total_relation_size(part.oid)), 0) AS bytes,
           coalesce(sum(greatest(part.reltuples, 0)) FILTER (WHERE part.relkind <> 'p'), 0) AS rows
    FROM pg_class part
    WHERE part.oid = c.oid OR c.relkind = 'p' AND part.oid IN (SELECT relid FROM pg_partition_tree(c.oid))) AS s
WHERE c.relkind IN ('r', 'p', 'm')
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
