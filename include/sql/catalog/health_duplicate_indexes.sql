-- Indexes of which a table has several that are the same: method, columns and their order, operator classes,
-- collations, expressions and predicate. These are compared as stored, less where in a statement they stood: writing
-- them out would lock the table. Indexes of partitions go with those of the partitioned table. is_needed: foreign keys,
-- replication or an exclusion depend on this very one.
WITH every AS (
    SELECT x.*, i.relname, i.relpages, i.relkind, concat_ws(
               ' ', i.relam, x.indnkeyatts, x.indkey, x.indclass, x.indcollation, x.indoption,
               CASE WHEN x.indisunique AND to_jsonb(x) ->> 'indnullsnotdistinct' = 'true' THEN 'nulls not distinct' END,
               regexp_replace(x.indexprs::text, '[:]location -?\d+', '', 'g'), '|',
               regexp_replace(x.indpred::text, '[:]location -?\d+', '', 'g')) AS shape
    FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_namespace n ON n.oid = i.relnamespace
    WHERE NOT i.relispartition AND i.relpersistence <> 't' AND x.indislive
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND x.indrelid IN (SELECT o.indrelid FROM pg_index o GROUP BY o.indrelid HAVING count(*) > 1)
), grouped AS (
    SELECT every.*, min(every.indexrelid) OVER same AS twin, count(*) OVER same AS number
    FROM every WINDOW same AS (PARTITION BY every.indrelid, every.shape)
)
SELECT g.twin::bigint AS twin, n.nspname::text AS schema, c.relname::text AS table_name, g.relname::text AS name,
       g.indisprimary AS is_primary, g.indisunique AS is_unique, g.indimmediate AS is_immediate,
       g.indisvalid AND g.indisready AS is_valid,
       g.indisreplident OR g.indisexclusion
       OR EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = g.indexrelid AND f.contype = 'f') AS is_needed,
       (SELECT k.conname::text FROM pg_constraint k
        WHERE k.conindid = g.indexrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1) AS constraint_name,
       pg_stat_get_numscans(g.indexrelid) AS scans, g.relkind = 'I' AS partitioned,
       g.relpages * current_setting('block_size')::bigint AS bytes
FROM grouped g
JOIN pg_class c ON c.oid = g.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE g.number > 1
ORDER BY 2, 3, 1, 4
