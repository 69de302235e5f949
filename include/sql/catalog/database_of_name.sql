-- One database, as its server knows it: all that belongs to its name and not to its content.
SELECT
    d.oid::bigint                                                          AS oid,
    CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END AS bytes,
    pg_get_userbyid(d.datdba)::text                                        AS owner,
    t.spcname::text                                                        AS tablespace,
    d.datconnlimit                                                         AS connection_limit,
    shobj_description(d.oid, 'pg_database')                                AS comment,
    d.datacl IS NOT NULL                                                   AS has_grants,
    pg_has_role(d.datdba, 'USAGE')                                         AS may_rename,
    -- The default one is not asked for by name, which takes no privilege.
    t.spcname = 'pg_default' OR has_tablespace_privilege(t.oid, 'CREATE')  AS may_lie_beside
FROM pg_database d
JOIN pg_tablespace t ON t.oid = d.dattablespace
WHERE d.datname = :name
