-- Who is connected to a database, and whether our role may end those sessions. Autovacuum is nobody, and gives way.
SELECT
    a.usename::text                                                        AS role,
    coalesce(a.application_name, '')                                       AS application,
    count(*)::int                                                          AS count,
    bool_and(
        (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))
        AND (NOT u.rolsuper OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))) AS may_end
FROM pg_stat_activity a
JOIN pg_roles u ON u.oid = a.usesysid
WHERE a.datid = :oid AND a.pid <> pg_backend_pid()
GROUP BY 1, 2
ORDER BY 1, 2
