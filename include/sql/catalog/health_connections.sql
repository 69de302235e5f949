-- Connections in use and allowed: of the server, for those who are no superuser; of this database; of every role that
-- is connected and limited. allowed is NULL where there is no limit. Anybody may count sessions; backend_type is NULL
-- where this role may not see it.
WITH client AS (
    SELECT a.datname, a.usesysid
    FROM pg_stat_activity a
    WHERE a.usesysid IS NOT NULL AND a.datid IS NOT NULL
      AND coalesce(a.backend_type, 'client backend') = 'client backend'
)
SELECT 'server' AS scope, '' AS name, (SELECT count(*) FROM client)::int AS used,
       (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int) AS allowed
UNION ALL
SELECT 'database', d.datname::text, (SELECT count(*) FROM client c WHERE c.datname = d.datname)::int,
       nullif(d.datconnlimit, -1)
FROM pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT 'role', r.rolname::text, count(*)::int, r.rolconnlimit
FROM client c
JOIN pg_roles r ON r.oid = c.usesysid
WHERE r.rolconnlimit >= 0 AND NOT r.rolsuper
GROUP BY r.rolname, r.rolconnlimit
