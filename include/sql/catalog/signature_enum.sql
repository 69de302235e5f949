-- One text an enum: [schema, name, "", [labels in their order]]. search_path must be empty.
SELECT json_build_array(n.nspname, t.typname, '', coalesce(labels.labels, '[]'::json))::text AS sig
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN (SELECT enumtypid, json_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_enum GROUP BY 1) AS labels
       ON labels.enumtypid = t.oid
WHERE t.typtype = 'e'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
ORDER BY n.nspname, t.typname
