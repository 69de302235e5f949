-- Tables and views that a statement prepared in this transaction names, for preparing has locked them; how it would use
-- each, as the lock says; and what our role may do with none of their columns.
SELECT n.nspname::text, c.relname::text, l.mode::text, current_user::text,
       ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) WITH ORDINALITY AS t (p, o)
             WHERE NOT has_any_column_privilege(c.oid, p) ORDER BY o)
       || CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN '{}'::text[] ELSE ARRAY['DELETE'] END
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
  AND l.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'pg_catalog'
ORDER BY 1, 2, 3
