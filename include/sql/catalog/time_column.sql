-- Whether a table has that column, and it holds a time.
SELECT format('%I', a.attname) AS column_sql
FROM pg_attribute a
WHERE a.attrelid = :oid AND a.attname = :column AND NOT a.attisdropped
  AND a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype, 'date'::regtype)
