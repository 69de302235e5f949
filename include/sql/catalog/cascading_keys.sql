-- Foreign keys that change rows of their own table when rows of the other one are deleted or updated.
-- Actions: c cascade, n set null, d set default; a and r change nothing.
SELECT
    k.confrelid::int8, k.conrelid::int8, k.confdeltype::text, k.confupdtype::text,
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)),
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
FROM pg_constraint k
WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
ORDER BY k.oid
