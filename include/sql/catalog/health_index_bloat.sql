-- The same of btree indexes. The statistics of an expression are those of the index, those of a column its table's. The
-- width of type name is stored otherwise than in a table, so such an index counts as not described.
SELECT n.nspname::text AS schema, i.relname::text AS name, i.relpages AS pages, i.reltuples::float8 AS rows,
       current_setting('block_size')::int AS page_bytes,
       coalesce((SELECT o.option_value::int FROM pg_options_to_table(i.reloptions) o
                 WHERE o.option_name = 'fillfactor'), 90) AS fillfactor,
       s.columns, s.width, s.nulls, s.described,
       has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AS readable
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
CROSS JOIN LATERAL (
    SELECT count(*)::int AS columns,
           count(s.attname) = count(*) AND NOT bool_or(e.atttypid = 'name'::regtype) AS described,
           coalesce(sum((1 - s.null_frac) * s.avg_width), 0)::float8 AS width,
           coalesce(max(s.null_frac), 0) > 0 AS nulls
    FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    JOIN pg_attribute e ON e.attrelid = i.oid AND e.attnum = k.position
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum <> 0
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND NOT s.inherited
                        AND s.tablename = CASE WHEN k.attnum = 0 THEN i.relname ELSE c.relname END
                        AND s.attname = CASE WHEN k.attnum = 0 THEN e.attname ELSE a.attname END
) AS s
WHERE i.relkind = 'i' AND i.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
  AND i.relpersistence <> 't' AND i.relpages >= :pages
  AND x.indisvalid AND x.indisready AND x.indislive
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY 1, 2
