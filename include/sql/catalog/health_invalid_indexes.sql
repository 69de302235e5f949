-- Indexes whose build failed, and those that are being built just now. building is NULL where somebody builds an index
-- of which this role may not see which one. The index of a partitioned table counts as invalid as long as any partition
-- lacks its own, which is no failed build.
SELECT n.nspname::text AS schema, i.relname::text AS name, c.relname::text AS table_name,
       (SELECT bool_or(p.index_relid = i.oid OR p.index_relid = 0 AND p.relid = c.oid)
        FROM pg_stat_progress_create_index p WHERE p.datname = current_database()) AS building,
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.datname = current_database()) AS any_build
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind = 'i' AND NOT (x.indisvalid AND x.indisready AND x.indislive)
  AND n.nspname NOT IN ('information_schema', 'pg_catalog') AND n.nspname !~ '^pg_(toast_)?temp_'
ORDER BY 1, 2
