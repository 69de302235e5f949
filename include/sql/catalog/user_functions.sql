-- Functions that are not PostgreSQL's own, with their texts; to_jsonb, for before version 14 there is no prosqlbody.
SELECT
    p.oid::int8, n.nspname::text, p.proname::text, l.lanname::text, l.lanpltrusted OR l.lanname = 'sql',
    p.provolatile = 'v', e.extname::text,
    CASE WHEN to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN pg_get_functiondef(p.oid) ELSE coalesce(p.prosrc, '') END
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                     AND d.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_extension e ON e.oid = d.refobjid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind IN ('f', 'p')
ORDER BY 2, 3, 1
