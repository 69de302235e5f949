-- What a migration's plan has to know of the database, and of what our role may do there. Whose a table is decides who
-- may alter it; those of our own roles are left out. A ledger that is not there yet may be written by nobody: NULL.
SELECT
    current_database()::text                                               AS database,
    d.oid::bigint                                                          AS oid,
    current_setting('server_version')                                      AS server_version,
    current_user::text                                                     AS role,
    pg_is_in_recovery()                                                    AS is_replica,
    current_setting('default_transaction_read_only')::bool                 AS refuses_writes,
    ARRAY(SELECT nspname::text FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')) AS may_create,
    (SELECT has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE')
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = :ledger_schema AND c.relname = :ledger_table AND c.relkind IN ('r', 'p')) AS may_write_ledger,
    (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname, pg_get_userbyid(c.relowner),
                                               has_table_privilege(c.oid, 'REFERENCES, TRIGGER'))), '[]')
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't'
       AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
       AND NOT pg_has_role(c.relowner, 'USAGE'))                           AS foreign_tables,
    (SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint
     FROM pg_database WHERE has_database_privilege(oid, 'CONNECT'))        AS bytes_of_all
FROM pg_database d
WHERE d.datname = current_database()
