-- What a database has that an empty one has not: the first few by name.
SELECT kind, name FROM (
    SELECT 'schema' AS kind, n.nspname::text AS name
    FROM pg_namespace n
    WHERE n.nspname NOT IN ('public', 'information_schema', 'pg_catalog') AND n.nspname NOT LIKE 'pg\_%'
    UNION ALL
    SELECT 'relation', c.oid::regclass::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
    UNION ALL
    SELECT 'type', t.oid::regtype::text
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = 'public' AND t.typrelid = 0 AND t.typelem = 0
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.classid = 'pg_type'::regclass AND d.deptype = 'e')
    UNION ALL
    SELECT 'large object', oid::text FROM pg_largeobject_metadata
) found
ORDER BY 1, 2
LIMIT 5
