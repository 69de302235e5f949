-- In which file each table lies: another one after a statement that has written the table anew. Of the scratch database.
SELECT c.oid::bigint AS oid, c.relfilenode::bigint AS file
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
