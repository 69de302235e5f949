-- Every other session of this database, how long its transaction is open, and since when it does nothing in it; and
-- the prepared transactions, which have no session. hidden: this role may not see more than that it is there. The role
-- of a session may have been dropped meanwhile.
SELECT a.pid, coalesce(a.usename, '')::text AS role, coalesce(a.application_name, '') AS application,
       coalesce(a.state, '') AS state,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS open_seconds,
       CASE WHEN a.state LIKE 'idle in transaction%'
            THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 END AS idle_seconds,
       NOT (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_read_all_stats', 'USAGE')) AS hidden
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
UNION ALL
SELECT NULL, p.owner::text, p.gid, 'prepared', extract(epoch FROM clock_timestamp() - p.prepared)::float8, NULL, false
FROM pg_prepared_xacts p
WHERE p.database = current_database()
