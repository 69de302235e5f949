-- The statements of this database that have cost the server most, and what part of all of it that is. {view} is
-- pg_stat_statements in the schema it was created in. Others' texts are hidden from a role that is not in
-- pg_read_all_stats, and NULL where the extension has lost them.
SELECT s.calls::bigint AS calls, s.total_exec_time::float8 AS total_ms,
       (s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0))::float8 AS share,
       coalesce(left(s.query, 10000), '') AS query, coalesce(s.query = '<insufficient privilege>', false) AS hidden
FROM {view} s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY s.total_exec_time DESC
LIMIT 200
