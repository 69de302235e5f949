-- What the health panel has to know before it judges anything: who asks, whether the server cleans up by itself, since
-- when it counts (NULL: since the database was created), and where pg_stat_statements is (NULL: not in this database).
SELECT current_user::text AS role,
       current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS autovacuum,
       (SELECT extract(epoch FROM clock_timestamp() - s.stats_reset)::float8
        FROM pg_stat_database s WHERE s.datid = d.oid) AS counted_seconds,
       (SELECT format('%I.pg_stat_statements', n.nspname)
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS statements_view
FROM pg_database d
WHERE d.datname = current_database()
