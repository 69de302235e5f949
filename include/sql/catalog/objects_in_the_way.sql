-- What a database has that an empty one has not: the first few by name. What belongs to an extension is none of it, for an
-- administrator may have created that for the restore; what somebody has put into an extension's own schema is. A schema
-- in which an extension only lies belongs to nobody but whoever made it.
WITH of_extensions AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), searched AS (
    SELECT oid FROM pg_namespace
    WHERE nspname = 'public' OR ('pg_namespace'::regclass, oid) IN (SELECT classid, objid FROM of_extensions)
)
SELECT kind, name FROM (
    SELECT 'schema' AS kind, n.nspname::text AS name
    FROM pg_namespace n
    WHERE n.nspname NOT IN ('information_schema', 'pg_catalog') AND n.nspname NOT LIKE 'pg\_%'
      AND n.oid NOT IN (SELECT oid FROM searched)
    UNION ALL
    -- Indexes and TOAST tables come with their table, and are no members of an extension.
    SELECT 'relation', c.oid::regclass::text
    FROM pg_class c
    WHERE c.relnamespace IN (SELECT oid FROM searched) AND c.relkind NOT IN ('i', 'I', 't')
      AND ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM of_extensions)
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text
    FROM pg_proc p
    WHERE p.pronamespace IN (SELECT oid FROM searched)
      AND ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM of_extensions)
    UNION ALL
    -- Nor are the types that come with another: of rows, arrays and multiranges.
    SELECT 'type', t.oid::regtype::text
    FROM pg_type t
    WHERE t.typnamespace IN (SELECT oid FROM searched) AND t.typrelid = 0 AND t.typelem = 0 AND t.typtype <> 'm'
      AND ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM of_extensions)
    UNION ALL
    SELECT 'large object', oid::text FROM pg_largeobject_metadata
) found
ORDER BY 1, 2
LIMIT 5
