-- The roles of the server, which a migration may name in a grant or a policy; PostgreSQL's own are everywhere.
SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname
