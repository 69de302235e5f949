-- Who may do what.
ALTER TABLE trap.bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE trap.identities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "own rooms" ON trap.bookings AS PERMISSIVE FOR SELECT TO trap_reader, trap_group USING (code = current_user);
CREATE POLICY never ON trap.identities AS RESTRICTIVE USING (false) WITH CHECK (net > 1);
COMMENT ON POLICY never ON trap.identities IS 'shows nothing';

ALTER TABLE trap.events OWNER TO trap_owner;
ALTER TYPE trap.mood OWNER TO "trap ""odd"" rôle % 🗝";
GRANT USAGE ON SCHEMA trap, "trap odd" TO trap_owner, trap_reader, trap_group;
GRANT SELECT ON ALL TABLES IN SCHEMA trap TO trap_reader;
GRANT INSERT (id, t), UPDATE (t) ON trap.no_rows TO "trap ""odd"" rôle % 🗝" WITH GRANT OPTION;
GRANT ALL ON trap.parent TO PUBLIC;
REVOKE ALL ON trap.sales FROM postgres;
REVOKE EXECUTE ON FUNCTION trap.quoted(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trap.quoted(text) TO trap_group;
GRANT MAINTAIN, TRUNCATE ON trap.evil_texts TO trap_group;
REVOKE USAGE ON TYPE trap.person FROM PUBLIC;
GRANT USAGE ON FOREIGN SERVER "far away" TO trap_reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO trap_owner;
REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_proc TO trap_group;
SET ROLE trap_owner;
GRANT SELECT ON trap.events TO trap_group WITH GRANT OPTION;
SET ROLE trap_group;
GRANT SELECT ON trap.events TO "trap ""odd"" rôle % 🗝";
RESET ROLE;
ALTER DEFAULT PRIVILEGES FOR ROLE trap_owner IN SCHEMA trap GRANT SELECT ON TABLES TO trap_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE trap_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA "trap odd" GRANT USAGE ON SEQUENCES TO trap_group WITH GRANT OPTION;
-- Last: what restores a row a second time, or in another order, is noticed in these.
REFRESH MATERIALIZED VIEW trap.totals;
REFRESH MATERIALIZED VIEW trap."on totals";
