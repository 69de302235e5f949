-- The privileges on a database, in a stable order; grantee is null for PUBLIC.
SELECT g.rolname::text AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
FROM pg_database d
CROSS JOIN aclexplode(d.datacl) a
LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE d.oid = :oid AND (a.grantee = 0 OR g.oid IS NOT NULL)
ORDER BY g.rolname NULLS FIRST, a.privilege_type
