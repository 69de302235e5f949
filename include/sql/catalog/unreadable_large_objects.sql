-- The large objects that this role may not read; pg_read_all_data does not cover them.
SELECT m.oid::bigint AS oid
FROM pg_largeobject_metadata m
WHERE current_setting('lo_compat_privileges') = 'off'
  AND NOT pg_has_role(m.lomowner, 'USAGE')
  AND NOT EXISTS (
        SELECT FROM aclexplode(m.lomacl) granted
        WHERE granted.privilege_type = 'SELECT'
          AND (granted.grantee = 0 OR pg_has_role(granted.grantee, 'USAGE')))
ORDER BY m.oid
