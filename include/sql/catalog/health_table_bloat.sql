-- What the usual estimate of a table's bloat needs, of tables of at least so many pages: pages and rows as vacuum and
-- analyze have last seen them (asking for the size itself would wait for whoever has locked the table), and how wide
-- a row is. A table of which we may not read every column has no visible statistics: described is false.
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relpages AS pages, c.reltuples::float8 AS rows,
       current_setting('block_size')::int AS page_bytes,
       coalesce((SELECT o.option_value::int FROM pg_options_to_table(c.reloptions) o
                 WHERE o.option_name = 'fillfactor'), 100) AS fillfactor,
       s.columns, s.width, s.nulls, s.described,
       has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT count(*)::int AS columns, count(s.attname) = count(*) AS described,
           coalesce(sum((1 - s.null_frac) * s.avg_width), 0)::float8 AS width,
           coalesce(max(s.null_frac), 0) > 0 AS nulls
    FROM pg_attribute a
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                        AND NOT s.inherited
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) AS s
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.relpages >= :pages
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY 1, 2
