-- Sequences that fill a column where an INSERT does not: by a default or as its identity.
SELECT f.relation::int8, n.nspname::text, s.relname::text, tn.nspname::text, t.relname::text, a.attname::text
FROM (
    SELECT d.refobjid AS sequence, e.adrelid AS relation, e.adnum AS number
    FROM pg_attrdef e
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
    UNION
    SELECT d.objid, d.refobjid, d.refobjsubid::int2
    FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
      AND d.refobjsubid > 0
) f
JOIN pg_class s ON s.oid = f.sequence AND s.relkind = 'S'
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_class t ON t.oid = f.relation
JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.number
ORDER BY 2, 3, 4, 5, 6
