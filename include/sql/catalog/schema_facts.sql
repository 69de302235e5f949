-- What decides whether a schema can be restored into this database.
SELECT
    current_setting('server_version_num')::int / 10000          AS server_major,
    pg_is_in_recovery()                                         AS is_replica,
    has_database_privilege(current_database(), 'CREATE')        AS may_create,
    ARRAY(SELECT nspname::text FROM pg_namespace)               AS schemas,
    ARRAY(SELECT extname::text FROM pg_extension ORDER BY extname)
                                                                AS extensions,
    ARRAY(SELECT nspname::text FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace ORDER BY extname)
                                                                AS extension_schemas
