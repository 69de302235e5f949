-- The locks on relations that this session holds.
SELECT relation::bigint AS oid, mode
FROM pg_locks
WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
