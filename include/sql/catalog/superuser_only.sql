-- What pg_dump leaves out, or writes without its options, for this role: subscriptions, and user mappings of foreign
-- servers. Whose options the role sees is what pg_user_mappings says; those that have none cannot be told apart there.
SELECT 'subscription' AS kind, s.subname AS name, NULL AS role
FROM pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND current_setting('is_superuser') = 'off'
UNION ALL
SELECT 'user mapping', m.srvname, CASE m.umuser WHEN 0 THEN 'public' ELSE m.usename END
FROM pg_user_mappings m
JOIN pg_foreign_server server ON server.oid = m.srvid
WHERE current_setting('is_superuser') = 'off'
  AND NOT CASE m.umuser
        WHEN 0 THEN pg_has_role(server.srvowner, 'USAGE')
        ELSE m.usename = current_user
             AND (pg_has_role(server.srvowner, 'USAGE') OR has_server_privilege(server.oid, 'USAGE')) END
ORDER BY 1, 2, 3
