-- Indexes that no query has used, that enforce nothing, and that could be dropped by themselves: those of partitions
-- go with the partitioned table's, and their use counts for it. table_scans is how often the table was asked meanwhile;
-- leads_with_key: without it, deleting a parent of a foreign key would read the whole table.
WITH own AS (
    SELECT i.oid, i.relpages, coalesce(CASE WHEN i.relispartition THEN pg_partition_root(i.oid) END, i.oid) AS root
    FROM pg_class i
    JOIN pg_namespace n ON n.oid = i.relnamespace
    WHERE i.relkind = 'i' AND i.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
), whole AS (
    SELECT own.root, sum(own.relpages)::bigint AS pages, sum(pg_stat_get_numscans(own.oid))::bigint AS scans,
           sum(pg_stat_get_numscans(x.indrelid)
               + (SELECT coalesce(sum(pg_stat_get_numscans(o.indexrelid)), 0) FROM pg_index o
                  WHERE o.indrelid = x.indrelid))::bigint AS table_scans
    FROM own JOIN pg_index x ON x.indexrelid = own.oid
    WHERE own.relpages > 0
    GROUP BY own.root
)
SELECT n.nspname::text AS schema, i.relname::text AS name, c.relname::text AS table_name,
       w.pages * current_setting('block_size')::bigint AS bytes, w.table_scans, i.relkind = 'I' AS partitioned,
       EXISTS (SELECT FROM pg_constraint k
               WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey[1] = x.indkey[0]) AS leads_with_key
FROM whole w
JOIN pg_index x ON x.indexrelid = w.root
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE w.scans = 0 AND NOT x.indisunique AND NOT x.indisexclusion AND NOT x.indisreplident
  AND x.indislive AND (x.indisvalid AND x.indisready OR i.relkind = 'I')
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND w.pages * current_setting('block_size')::bigint >= :bytes
ORDER BY bytes DESC, 1, 2
