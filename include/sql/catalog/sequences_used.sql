-- How much of its numbers each sequence has given, and the integer column it fills, by ownership, identity or default.
-- Those that cycle never end. NULL where this role may not read the sequence, or it was never used.
SELECT sn.nspname::text AS schema, s.relname::text AS name, q.seqincrement AS increment,
       q.seqmin AS lowest, q.seqmax AS highest,
       CASE WHEN has_sequence_privilege(s.oid, 'SELECT, USAGE') THEN pg_sequence_last_value(s.oid) END AS last_value,
       has_sequence_privilege(s.oid, 'SELECT, USAGE') AS readable,
       f.table_schema, f.table_name, f.column_name, f.column_type
FROM pg_sequence q
JOIN pg_class s ON s.oid = q.seqrelid
JOIN pg_namespace sn ON sn.oid = s.relnamespace
LEFT JOIN (
  SELECT DISTINCT u.sequence, tn.nspname::text AS table_schema, t.relname::text AS table_name,
         a.attname::text AS column_name, y.typname::text AS column_type
  FROM (SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
        FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
          AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
        UNION ALL
        SELECT d.refobjid, e.adrelid, e.adnum
        FROM pg_depend d
        JOIN pg_attrdef e ON e.oid = d.objid
        WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass) AS u
  JOIN pg_class t ON t.oid = u.relation
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.number
  JOIN pg_type y ON y.oid = a.atttypid
  WHERE y.typname IN ('int2', 'int4', 'int8')
) AS f ON f.sequence = s.oid
WHERE NOT q.seqcycle AND s.relpersistence = 'p'
ORDER BY 1, 2, 8, 9, 10
