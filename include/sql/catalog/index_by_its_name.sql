-- The index that a name in SQL leads to, and whether it can be used: none where there is none.
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name_sql,
       i.indisvalid AND i.indisready AND i.indislive AS is_valid,
       ARRAY[]::integer[] AS builders
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indexrelid = pg_catalog.to_regclass(%(index)s)
