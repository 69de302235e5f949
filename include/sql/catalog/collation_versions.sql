-- Collations that something in this database depends on, made for another version of their locale than the operating
-- system has now. Only of those is the version asked: a server may have hundreds, and may refuse to open one.
SELECT u.oid::bigint AS oid, u.schema, u.name, u.collversion AS recorded, a.version AS actual
FROM (SELECT c.oid, n.nspname::text AS schema, c.collname::text AS name, c.collversion
      FROM pg_collation c
      JOIN pg_namespace n ON n.oid = c.collnamespace
      WHERE c.collversion IS NOT NULL
        AND EXISTS (SELECT FROM pg_depend d
                    WHERE d.refclassid = 'pg_collation'::regclass AND d.refobjid = c.oid)
      OFFSET 0) AS u,
     LATERAL pg_collation_actual_version(u.oid) AS a (version)
WHERE u.collversion <> a.version
ORDER BY 2, 3
