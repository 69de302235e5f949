-- In which file each of these tables lies: another one after a statement that has written the table anew. Asked of the
-- scratch database.
SELECT oid::bigint AS oid, relfilenode::bigint AS file
FROM pg_class
WHERE relkind IN ('r', 'm') AND oid = ANY (%s::bigint[])
