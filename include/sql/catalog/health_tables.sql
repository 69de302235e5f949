-- Rows of each table as the server counts them. Never vacuumed or analyzed: neither do the counters know of it, which
-- are lost in a crash, nor has it left a trace. Statistics are only missing for sure where this role could see them.
SELECT n.nspname::text AS schema, c.relname::text AS name, t.live, t.dead,
       coalesce((SELECT o.option_value::boolean FROM pg_options_to_table(c.reloptions) o
                 WHERE o.option_name = 'autovacuum_enabled'), true) AS autovacuum,
       c.relallvisible = 0
       AND pg_stat_get_last_vacuum_time(c.oid) IS NULL
       AND pg_stat_get_last_autovacuum_time(c.oid) IS NULL AS never_vacuumed,
       pg_stat_get_last_analyze_time(c.oid) IS NULL
       AND pg_stat_get_last_autoanalyze_time(c.oid) IS NULL
       AND (c.reltuples < 0
            OR has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
               AND NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname))
       AS never_analyzed
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_live_tuples(c.oid) AS live, pg_stat_get_dead_tuples(c.oid) AS dead) AS t
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (t.live >= :least OR t.dead >= :least)
ORDER BY 1, 2
