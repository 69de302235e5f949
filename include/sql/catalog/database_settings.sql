-- What ALTER DATABASE ... SET and ALTER ROLE ... IN DATABASE ... SET have set, in a stable order.
SELECT r.rolname::text AS role, split_part(item, '=', 1) AS name, substr(item, strpos(item, '=') + 1) AS value
FROM pg_db_role_setting s
LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN unnest(s.setconfig) item
WHERE s.setdatabase = :oid
ORDER BY r.rolname NULLS FIRST, 2
