-- Whose transactions hold a lock on a database itself, as COMMENT ON DATABASE takes one.
SELECT DISTINCT l.pid, coalesce(a.usename::text, '') AS role, coalesce(a.application_name, '') AS application
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.objid = :oid
  AND l.granted AND l.pid <> pg_backend_pid()
ORDER BY 1
