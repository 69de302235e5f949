-- End the sessions of the given databases; whoever we may not end stays, and the rename says so.
-- One that is refused would end this whole statement: autovacuum, which is nobody's, gives way to the rename by itself.
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended
FROM pg_stat_activity
WHERE datname = ANY (:names) AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
  AND (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))
  AND (NOT (SELECT rolsuper FROM pg_roles r WHERE r.oid = usesysid)
       OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
