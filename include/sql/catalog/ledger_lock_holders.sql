-- Who holds Prisma Migrate's lock in this database; role and application are null where we may not see them.
SELECT l.pid, a.usename::text AS role, a.application_name AS application
FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid = 0 AND l.objid = :key AND l.objsubid = 1
ORDER BY l.pid
