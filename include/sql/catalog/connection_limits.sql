-- How many connections the server, this database and our role may have at most, and how many each has now, ours among
-- them. A role without pg_read_all_stats is not told what the sessions of others are. All that have a user and a
-- database count then: a parallel worker may be taken for a connection, and no connection is missed. No limit of a role
-- or a database binds a superuser; what is reserved for them is for an emergency, and not for us even where we are one.
WITH sessions AS (
    SELECT datid, usesysid
    FROM pg_stat_activity
    WHERE backend_type = 'client backend'
       OR (backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL)
)
SELECT
    current_setting('server_version')                                                        AS server_version,
    current_setting('max_connections')::int                                                  AS max_connections,
    (SELECT coalesce(sum(setting::int), 0) FROM pg_settings
     WHERE name IN ('superuser_reserved_connections', 'reserved_connections'))::int          AS reserved,
    (SELECT count(*) FROM sessions)::int                                                     AS used,
    CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper THEN d.datconnlimit END                 AS database_limit,
    (SELECT count(*) FROM sessions WHERE datid = d.oid)::int                                 AS database_used,
    CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit END                 AS role_limit,
    (SELECT count(*) FROM sessions WHERE usesysid = r.oid)::int                              AS role_used,
    coalesce((SELECT setting::bigint FROM pg_settings WHERE name = 'idle_session_timeout'), 0) AS idle_session_timeout_ms
FROM pg_database d, pg_roles r
WHERE d.datname = current_database() AND r.rolname = session_user
