-- Sequences that fill a column, with what they will give next. format() quotes for the questions that follow.
SELECT
    sn.nspname                                     AS schema,
    s.relname                                      AS name,
    format('%I.%I', tn.nspname, t.relname)         AS table_sql,
    format('%I', a.attname)                        AS column_sql,
    format('%I.%I', sn.nspname, s.relname)         AS sequence_sql,
    q.seqincrement                                 AS increment,
    q.seqcycle                                     AS cycles
FROM pg_sequence q
JOIN pg_class s ON s.oid = q.seqrelid
JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
                AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
JOIN pg_type y ON y.oid = a.atttypid
WHERE y.typname IN ('int2', 'int4', 'int8', 'numeric') AND t.relkind IN ('r', 'p')
ORDER BY 1, 2
