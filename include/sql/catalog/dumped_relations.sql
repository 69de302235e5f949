-- The tables and sequences that pg_dump would read, their size, and whether this role may read them.
-- The size is that of the last VACUUM or ANALYZE: asking for the real one would wait behind a migration's lock.
-- Pages are plain where a range of them can be read by itself, with all its rows and no condition of an extension's.
-- Members of extensions are dumped only where the extension asks for it (extconfig).
SELECT
    n.nspname                                                   AS schema,
    c.relname                                                   AS name,
    c.relkind = 'S'                                             AS is_sequence,
    c.relpersistence = 'u'                                      AS is_unlogged,
    (c.relpages + coalesce(toast.relpages, 0))::bigint
        * current_setting('block_size')::int                    AS bytes,
    has_schema_privilege(n.oid, 'USAGE')
        AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
                 ELSE has_table_privilege(c.oid, 'SELECT') END  AS readable,
    c.relkind = 'r' AND am.amname = 'heap'
        AND NOT EXISTS (
            SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
                                                                AS has_plain_pages,
    c.relrowsecurity AND row_security_active(c.oid)             AS hides_rows
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'p', 'S')
  AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%'
  AND NOT EXISTS (
        SELECT FROM pg_depend d
        JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
          AND NOT coalesce(c.oid = ANY (e.extconfig), false))
ORDER BY n.nspname, c.relname
