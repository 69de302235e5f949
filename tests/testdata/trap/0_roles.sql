-- Roles belong to the server, not to the database: globals.sql carries them. Dropped by the fixture that ran this.
-- In the order of their names, which is that of globals.sql: a policy lists its roles in the order they were made.
CREATE ROLE "trap ""odd"" rôle % 🗝" LOGIN NOBYPASSRLS;
CREATE ROLE trap_group NOLOGIN NOINHERIT;
CREATE ROLE trap_owner NOLOGIN;
CREATE ROLE trap_reader LOGIN PASSWORD 'with ''quotes'' and \backslashes\' CONNECTION LIMIT 3 VALID UNTIL '2099-01-01 00:00:00+00';
GRANT trap_group TO trap_reader WITH ADMIN OPTION;
GRANT trap_owner TO "trap ""odd"" rôle % 🗝" WITH INHERIT FALSE, SET TRUE;
ALTER ROLE trap_reader SET search_path = '"$user"', public, 'trap odd';
ALTER ROLE trap_reader SET work_mem = '5MB';
COMMENT ON ROLE trap_owner IS 'owns ''things''; -- and is commented';
