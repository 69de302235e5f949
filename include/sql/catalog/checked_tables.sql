-- What checks have to know of every table and view: how a row is named (its primary key, in order), and which rules
-- need no statement because the server enforces them. unique_columns are those of valid unique indexes over all rows;
-- parents those of foreign keys that were validated and whose triggers are enabled, those of partitions too. A table
-- with children by INHERITS proves nothing: neither indexes nor foreign keys cover the children.
WITH RECURSIVE members (root, oid) AS (
    SELECT oid, oid FROM pg_catalog.pg_constraint WHERE contype = 'f'
    UNION ALL
    SELECT members.root, child.oid
    FROM members JOIN pg_catalog.pg_constraint AS child ON child.conparentid = members.oid
), unproven AS (
    SELECT members.root
    FROM members JOIN pg_catalog.pg_constraint AS con USING (oid)
    WHERE NOT con.convalidated OR pg_catalog.to_jsonb(con) ->> 'conenforced' = 'false' OR EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgconstraint = con.oid AND t.tgenabled NOT IN ('O', 'A')
    )
), indexed AS (
    SELECT i.indrelid, i.indexrelid, i.indisprimary, i.indisvalid AND i.indisready AND i.indislive AS is_valid,
           i.indpred IS NULL AND i.indexprs IS NULL AS is_plain,
           pg_catalog.json_agg(a.attname ORDER BY k.position) AS columns
    FROM pg_catalog.pg_index AS i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indisunique AND k.position <= i.indnkeyatts
    GROUP BY i.indexrelid
)
SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       coalesce((SELECT i.columns FROM indexed AS i WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS primary_key,
       coalesce((
           SELECT pg_catalog.json_agg(i.columns) FROM indexed AS i
           WHERE i.indrelid = c.oid AND i.is_valid AND i.is_plain AND NOT h.has_heirs
       ), '[]') AS unique_columns,
       coalesce((
           SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
               'schema', parent_schema.nspname, 'name', parent.relname,
               'columns', (
                   SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
                   FROM pg_catalog.unnest(con.conkey) WITH ORDINALITY AS k (attnum, position)
                   JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.conrelid AND a.attnum = k.attnum
               ),
               'parent_columns', (
                   SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
                   FROM pg_catalog.unnest(con.confkey) WITH ORDINALITY AS k (attnum, position)
                   JOIN pg_catalog.pg_attribute AS a ON a.attrelid = con.confrelid AND a.attnum = k.attnum
               )
           ))
           FROM pg_catalog.pg_constraint AS con
           JOIN pg_catalog.pg_class AS parent ON parent.oid = con.confrelid
           JOIN pg_catalog.pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
           WHERE con.conrelid = c.oid AND con.contype = 'f' AND NOT h.has_heirs
             AND NOT EXISTS (SELECT FROM unproven WHERE unproven.root = con.oid)
       ), '[]') AS parents
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = c.oid)
) AS h (has_heirs)
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
