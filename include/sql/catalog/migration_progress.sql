-- How far the session of a server's process is with the index that it builds, and which processes it waits for.
SELECT coalesce(p.phase, '') AS phase,
       coalesce(nullif(p.blocks_total, 0), nullif(p.tuples_total, 0), nullif(p.lockers_total, 0), 0) AS total,
       CASE WHEN p.blocks_total > 0 THEN p.blocks_done
            WHEN p.tuples_total > 0 THEN p.tuples_done
            ELSE coalesce(p.lockers_done, 0) END AS done,
       pg_catalog.pg_blocking_pids(a.pid)
           || CASE WHEN p.current_locker_pid > 0 THEN ARRAY[p.current_locker_pid::int] END AS waits_for
FROM pg_catalog.pg_stat_activity a
LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = a.pid
WHERE a.pid = %(pid)s
