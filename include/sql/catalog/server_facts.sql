-- What a restore has to know of the server it works on.
SELECT
    current_setting('server_version')                                      AS version,
    current_user::text                                                     AS role,
    pg_is_in_recovery()                                                    AS is_replica,
    (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create_databases,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)           AS is_superuser,
    (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user) AS bypasses_rls,
    ARRAY(SELECT rolname::text FROM pg_roles ORDER BY rolname)             AS roles,
    ARRAY(SELECT rolname::text FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') ORDER BY rolname) AS memberships,
    ARRAY(SELECT name::text FROM pg_available_extensions ORDER BY name)    AS extensions,
    ARRAY(SELECT datname::text FROM pg_database ORDER BY datname)          AS databases,
    ARRAY(SELECT datname::text FROM pg_database WHERE datistemplate ORDER BY datname) AS templates
