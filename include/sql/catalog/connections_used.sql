-- How many connections the server, this database and this role may have, for us, and how many there are, ours included.
-- NULL where there is no limit. To a role without rights on others' sessions PostgreSQL shows no more than whose they
-- are, which is enough.
SELECT
    current_setting('max_connections')::int
        - CASE WHEN r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int END
        - CASE WHEN r.rolsuper THEN 0 ELSE coalesce(current_setting('reserved_connections', true), '0')::int END,
    (SELECT count(*)::int FROM pg_stat_activity a
     WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL AND a.usesysid IS NOT NULL)),
    CASE WHEN NOT r.rolsuper AND d.datconnlimit >= 0 THEN d.datconnlimit END,
    (SELECT count(*)::int FROM pg_stat_activity a
     WHERE a.datid = d.oid AND (a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL AND a.usesysid IS NOT NULL))),
    CASE WHEN NOT r.rolsuper AND r.rolconnlimit >= 0 THEN r.rolconnlimit END,
    (SELECT count(*)::int FROM pg_stat_activity a
     WHERE a.usesysid = r.oid AND (a.backend_type = 'client backend' OR a.backend_type IS NULL)),
    current_setting('max_connections')::int
FROM pg_roles r, pg_database d
WHERE r.rolname = session_user AND d.datname = current_database()
