-- What lies in a schema under the name of Prisma Migrate's ledger: a row a column, none where there is nothing.
SELECT c.relkind IN ('r', 'p') AS is_table,
       a.attname::text AS name,
       format_type(a.atttypid, NULL) AS type,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS is_required
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = :schema AND c.relname = '_prisma_migrations' AND c.relkind <> 'i'
ORDER BY a.attnum
