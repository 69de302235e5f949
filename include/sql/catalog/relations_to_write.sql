-- Tables and views that statements planned in this transaction would write, also those that a rule puts others in the
-- place of: planning has locked them. With the rules that rewrite such statements.
SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text,
       ARRAY(SELECT r.rulename::text FROM pg_rewrite r
             WHERE r.ev_class = c.oid AND r.ev_type <> '1' AND r.ev_enabled IN ('O', 'A') ORDER BY 1)
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode = 'RowExclusiveLock'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relkind IN ('r', 'p', 'v', 'f')
ORDER BY 2, 3
