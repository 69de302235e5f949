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
    ARRAY(SELECT a.name::text FROM pg_available_extensions a
          JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
          WHERE v.superuser AND NOT v.trusted ORDER BY a.name)             AS untrusted,
    -- Where one of these modules or servers is at work, others than superusers may create extensions.
    EXISTS (SELECT FROM pg_settings
            WHERE name ~ '^(alloydb|azure|cloudsql|extwlist|neon|rds|supautils)[.]') AS is_managed,
    ARRAY(SELECT datname::text FROM pg_database ORDER BY datname)          AS databases,
    ARRAY(SELECT datname::text FROM pg_database WHERE datistemplate ORDER BY datname) AS templates
