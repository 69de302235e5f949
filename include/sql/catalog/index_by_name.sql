-- An index of a table, whether it can be used, and which other processes may be building it at this moment: those of
-- other roles do not say what they build.
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name_sql,
       i.indisvalid AND i.indisready AND i.indislive AS is_valid,
       ARRAY(
           SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p
           WHERE p.datname = pg_catalog.current_database() AND p.pid <> pg_catalog.pg_backend_pid()
             AND coalesce(p.index_relid, i.indexrelid) = i.indexrelid
       ) AS builders
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = pg_catalog.to_regclass(%(table)s) AND c.relname = %(index)s
