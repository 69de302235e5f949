-- Functions, views, triggers, rules, publications.
CREATE FUNCTION trap.quoted(text DEFAULT '$body$ '' \ %') RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = trap, pg_temp SET work_mem = '1MB' AS $body$
BEGIN
    -- $inner$ does not end it, nor does ';' or --
    RETURN $inner$a \ backslash, a 'quote', a $dollar$ and
a new line$inner$ || $1;
END $body$;
CREATE FUNCTION trap."odd name(s)"(INOUT a int, VARIADIC b text[] DEFAULT '{}', OUT c text) LANGUAGE sql PARALLEL SAFE COST 7
    BEGIN ATOMIC
        SELECT a + 1, array_to_string(b, '|');
    END;
CREATE FUNCTION trap.rows(n int) RETURNS TABLE (x int, y text) LANGUAGE sql ROWS 5 AS 'SELECT i, i::text FROM generate_series(1, n) i';
CREATE PROCEDURE trap.does_nothing(IN a int, OUT b int) LANGUAGE plpgsql AS 'BEGIN b := a; COMMIT; END';
CREATE FUNCTION trap.cannot_be_called_yet() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM trap.made_later); END';
SET check_function_bodies = off;
CREATE FUNCTION trap.broken() RETURNS int LANGUAGE sql AS 'SELECT no_such_column FROM no_such_table';
RESET check_function_bodies;
COMMENT ON FUNCTION trap.quoted(text) IS $$it's a \ comment
of two lines; -- really$$;

CREATE VIEW trap.happy WITH (security_barrier, security_invoker) AS
    SELECT o.*, '\.' AS dot FROM trap.of_all_types o WHERE mood > 'sad' WITH CASCADED CHECK OPTION;
ALTER VIEW trap.happy ALTER COLUMN mood SET DEFAULT 'furious';
CREATE VIEW trap.by_primary_key AS SELECT id, egg, count(*) FROM trap.chicken GROUP BY id;
CREATE VIEW trap.counting AS WITH RECURSIVE c (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c;
-- Two that need each other: a view, and a function that takes its row type.
CREATE VIEW trap.snake AS SELECT 1 AS head, 'x'::text AS tail;
CREATE FUNCTION trap.tail_of(trap.snake) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.tail';
CREATE OR REPLACE VIEW trap.snake AS SELECT c.id AS head, c.egg::text AS tail FROM trap.chicken c WHERE trap.tail_of(ROW(1, 'y')::trap.snake) = 'y';
CREATE VIEW trap.on_snake AS SELECT trap.tail_of(s) AS again FROM trap.snake s;

CREATE MATERIALIZED VIEW trap.totals AS SELECT region, sum(amount) AS total FROM trap.sales GROUP BY region;
CREATE UNIQUE INDEX ON trap.totals (region);
CREATE MATERIALIZED VIEW trap.never_filled AS SELECT * FROM trap.totals WITH NO DATA;
CREATE MATERIALIZED VIEW trap."on totals" AS SELECT count(*) AS n FROM trap.totals;
ALTER MATERIALIZED VIEW trap.totals CLUSTER ON totals_region_idx;

CREATE FUNCTION trap.touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.t := 'touched by a trigger'; RETURN NEW; END $$;
CREATE TRIGGER "would change rows on restore" BEFORE INSERT ON trap.parent FOR EACH ROW EXECUTE FUNCTION trap.touched();
CREATE TRIGGER always BEFORE UPDATE OF t ON trap.parent FOR EACH ROW WHEN (OLD.t IS DISTINCT FROM NEW.t) EXECUTE FUNCTION trap.touched('with', 'args''');
ALTER TABLE trap.parent ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER off BEFORE INSERT ON trap.other_parent FOR EACH ROW EXECUTE FUNCTION trap.touched();
ALTER TABLE trap.other_parent DISABLE TRIGGER off;
CREATE FUNCTION trap.refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no rows, please'; END $$;
CREATE CONSTRAINT TRIGGER refuses AFTER INSERT ON trap.orphans DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.refuses();
CREATE TRIGGER partitioned AFTER INSERT ON trap.sales REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trap.refuses();
CREATE RULE redirected AS ON INSERT TO trap.typed DO INSTEAD NOTHING;
CREATE RULE "also logged" AS ON UPDATE TO trap.one_null WHERE OLD."only" <> 'x' DO ALSO DELETE FROM trap.no_rows WHERE t = OLD."only";
ALTER TABLE trap.one_null ENABLE REPLICA RULE "also logged";
CREATE FUNCTION trap.notices() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE DEBUG 'ddl: %', tg_tag; END $$;
CREATE EVENT TRIGGER trap_notices ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION trap.notices();
CREATE EVENT TRIGGER trap_disabled ON sql_drop EXECUTE FUNCTION trap.notices();
ALTER EVENT TRIGGER trap_disabled DISABLE;

CREATE PUBLICATION trap_some FOR TABLE trap.bookings (room, code) WHERE (room > 3), trap.sales WITH (publish = 'insert', publish_via_partition_root = true);
CREATE PUBLICATION "trap odd publication" FOR TABLES IN SCHEMA "trap odd";
CREATE SERVER "far away" TYPE 'x' VERSION '1''2' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'it''s');
CREATE USER MAPPING FOR trap_reader SERVER "far away" OPTIONS (user 'me', password 'p''w');
CREATE FOREIGN TABLE trap.foreign_rows (id int OPTIONS (column_name 'ID'), t text) SERVER "far away" OPTIONS (table_name 'T');
