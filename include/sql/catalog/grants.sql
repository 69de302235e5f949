-- Who owns and who may use what: relations, their columns, functions and schemas, but for the server's own and the ledger.
SELECT 'schema' AS kind, pg_catalog.quote_ident(n.nspname) AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
       ARRAY(
           SELECT a::text FROM unnest(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a ORDER BY 1
       ) AS grants
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION ALL
SELECT 'relation', pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.pg_get_userbyid(c.relowner),
       ARRAY(
           SELECT a::text
           FROM unnest(coalesce(c.relacl, pg_catalog.acldefault(
               CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a ORDER BY 1
       )
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname <> '_prisma_migrations'
UNION ALL
SELECT 'column', pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname), '',
       ARRAY(SELECT one::text FROM unnest(a.attacl) one ORDER BY 1)
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname <> '_prisma_migrations'
UNION ALL
SELECT 'function',
       pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.pg_get_userbyid(p.proowner),
       ARRAY(SELECT a::text FROM unnest(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a ORDER BY 1)
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
