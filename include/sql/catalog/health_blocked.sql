-- Every session of the server that waits for a lock, with the processes that it waits for, and those processes.
-- pg_blocking_pids is only asked of who waits: it stops the whole lock manager for a moment. Process 0 is a prepared
-- transaction. state is empty where this role may not see it.
WITH waiting AS MATERIALIZED (
    SELECT w.pid, w.seconds, ARRAY(SELECT DISTINCT b FROM unnest(pg_blocking_pids(w.pid)) AS b ORDER BY b) AS blockers
    FROM (SELECT l.pid, coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8 AS seconds
          FROM pg_locks l WHERE NOT l.granted AND l.pid IS NOT NULL GROUP BY l.pid) AS w
), involved AS (
    SELECT pid FROM waiting UNION SELECT unnest(blockers) FROM waiting
)
SELECT i.pid, coalesce(a.usename, '')::text AS role, coalesce(a.application_name, '') AS application,
       coalesce(a.state, '') AS state, w.seconds AS waits_seconds, coalesce(w.blockers, '{}') AS blockers
FROM involved i
LEFT JOIN waiting w USING (pid)
LEFT JOIN pg_stat_activity a USING (pid)
ORDER BY w.seconds DESC NULLS LAST, i.pid
