-- The ledger of Prisma Migrate, wherever it lies; null where there is none.
SELECT format('%I.%I', n.nspname, c.relname) AS ledger_sql
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = '_prisma_migrations' AND c.relkind = 'r'
ORDER BY n.nspname <> 'public', n.nspname
LIMIT 1
