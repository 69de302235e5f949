-- The sequences of a restored database, whether they fill a column or not. format() quotes for the questions that follow.
SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sequence_sql
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
ORDER BY 1, 2
