-- Users' triggers that fire in an ordinary session, with what they run. What a partition has from its table is named by
-- the table's name. Before version 13 there is no tgparentid, and such copies count as internal.
SELECT
    t.tgrelid::int8, n.nspname::text, c.relname::text, t.tgname::text,
    array_remove(ARRAY[
        CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' END,
        CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END,
        CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END], NULL),
    t.tginitdeferred,
    t.tgfoid::int8, pn.nspname::text, p.proname::text
FROM pg_trigger t
JOIN pg_class c ON c.oid = CASE
    WHEN coalesce(to_jsonb(t) ->> 'tgparentid', '0') <> '0' THEN pg_partition_root(t.tgrelid) ELSE t.tgrelid END
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
ORDER BY 2, 3, 4
