-- What a backup notes about the server and the database before it starts.
SELECT
    current_database()                                          AS database,
    current_setting('server_version')                           AS server_version,
    current_setting('server_version_num')::int / 10000          AS server_major,
    pg_encoding_to_char(encoding)                               AS encoding,
    pg_database_size(current_database())                        AS database_bytes,
    pg_is_in_recovery()                                         AS is_replica,
    has_table_privilege('pg_catalog.pg_authid', 'SELECT')       AS reads_role_passwords,
    ARRAY(SELECT extname || ' ' || extversion FROM pg_extension ORDER BY extname) AS extensions
FROM pg_database
WHERE datname = current_database()
