-- What the planner knows of each table: rows as last estimated (NULL: never), rows changed since ANALYZE, and when it
-- was last analyzed, by whomever, and how many seconds ago that is by the server's clock.
SELECT n.nspname::text AS schema, c.relname::text AS name,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS rows,
       coalesce(s.n_mod_since_analyze, 0) AS changed,
       greatest(s.last_analyze, s.last_autoanalyze) AS analyzed,
       extract(epoch FROM now() - greatest(s.last_analyze, s.last_autoanalyze))::double precision AS seconds_ago
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'm')
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname
