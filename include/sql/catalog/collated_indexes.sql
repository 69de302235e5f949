-- Indexes that are ordered by that collation, or compare by it in an expression or a condition. Those of the operator
-- classes with "pattern" in their name compare bytes, whatever the collation is. Expressions are read as stored:
-- writing them out would lock the table.
SELECT n.nspname::text AS schema, c.relname::text AS table_name, i.relname::text AS name
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind = 'i' AND i.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (EXISTS (SELECT FROM unnest(x.indcollation::oid[], x.indclass::oid[]) AS k (collated, class)
               JOIN pg_opclass o ON o.oid = k.class
               WHERE k.collated = CAST(:collation AS oid) AND o.opcname !~ '_pattern_ops$')
       OR concat(x.indexprs::text, x.indpred::text) ~ concat('[:]inputcollid ', CAST(:collation AS text), '\M'))
ORDER BY 1, 2, 3
