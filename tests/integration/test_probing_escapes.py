"""What a rollback does not take back is named, with the probe, before it happens; what it does take back is not."""

from __future__ import annotations

import pytest

from tests.probing_measure import Probing, probe


@pytest.fixture
def shop(empty_database: str) -> Probing:
    """Users with items with notes, all of which are deleted with their user; each table has a trigger."""
    shop = Probing(empty_database)
    shop.tell(
        "CREATE TABLE app_user (id int PRIMARY KEY, email text UNIQUE)",
        """CREATE TABLE item (number serial, id int PRIMARY KEY, owner int NOT NULL
               REFERENCES app_user (id) ON DELETE CASCADE ON UPDATE CASCADE)""",
        """CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, item int
               REFERENCES item (id) ON DELETE SET NULL ON UPDATE CASCADE)""",
        "INSERT INTO app_user VALUES (1, 'a@b.c'), (2, 'd@e.f')",
        "INSERT INTO item (id, owner) VALUES (1, 1)",
        "INSERT INTO note (item) VALUES (1)",
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN coalesce(NEW, OLD); END$$",
        """CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN PERFORM pg_notify('channel', OLD.id::text); RETURN NULL; END$$""",
        """CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN -- dblink( is not used
               PERFORM nextval('counted'); RETURN NULL; END$$""",
        "CREATE SEQUENCE counted",
        "CREATE TRIGGER stamped BEFORE INSERT OR UPDATE OR DELETE ON app_user FOR EACH ROW EXECUTE FUNCTION stamp()",
        "CREATE TRIGGER told AFTER DELETE ON item FOR EACH ROW EXECUTE FUNCTION tell()",
        "CREATE TRIGGER counted AFTER UPDATE ON note FOR EACH ROW EXECUTE FUNCTION count_up()",
    )
    return shop


def sentences(shop: Probing, *statements: str) -> list[str]:
    return [one.sentence for one in shop.escapes(probe("act", *statements, writes=True))]


STAMPED = (
    "act: the trigger stamped of public.app_user runs public.stamp; its work in the database is rolled back, "
    "what it does outside may not be."
)
TOLD = (
    "act: the trigger told of public.item runs public.tell; its work in the database is rolled back, what it does "
    "outside may not be. Its notifications are discarded, for PostgreSQL delivers them at COMMIT."
)
COUNTED = (
    "act: the trigger counted of public.note runs public.count_up, which takes numbers from a sequence, which leaves "
    "gaps: that stays."
)


def test_a_delete_names_the_triggers_of_every_table_that_it_reaches(shop: Probing) -> None:
    found = shop.escapes(
        probe("act", "DELETE FROM app_user WHERE id = %(id)s", writes=True, draw={"a": "SELECT id FROM app_user"})
    )

    assert [one.sentence for one in found] == [STAMPED, TOLD, COUNTED]
    assert {(one.probe, one.kind) for one in found} == {("act", "trigger")}


def test_an_update_reaches_others_only_by_the_columns_that_it_names(shop: Probing) -> None:
    assert sentences(shop, "UPDATE app_user SET email = 'x'") == [STAMPED]
    assert sentences(shop, "UPDATE item SET id = 2") == [COUNTED]


def test_an_insert_names_the_sequences_that_number_its_rows(shop: Probing) -> None:
    assert sentences(shop, "INSERT INTO item (id, owner) VALUES (2, 1)") == [
        "act: the sequence public.item_number_seq numbers public.item.number; each INSERT leaves a gap in it."
    ]
    assert sentences(shop, "INSERT INTO note (item) VALUES (1)") == [
        "act: the sequence public.note_id_seq numbers public.note.id; each INSERT leaves a gap in it."
    ]


def test_an_upsert_and_a_merge_set_off_what_each_of_their_ways_does(shop: Probing) -> None:
    upsert = "INSERT INTO app_user VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = 'y'"
    shop.tell("CREATE TRIGGER renamed AFTER UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION stamp()")

    assert ["renamed" in one or "stamped" in one for one in sentences(shop, upsert)] == [True, True]
    merge = "MERGE INTO app_user u USING item i ON u.id = i.owner WHEN MATCHED THEN DELETE"
    assert [TOLD in sentences(shop, merge), COUNTED in sentences(shop, merge)] == [True, True]


def test_only_triggers_that_would_fire_are_named(shop: Probing) -> None:
    shop.tell(
        "ALTER TABLE app_user DISABLE TRIGGER stamped",
        """CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON app_user DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION stamp()""",
    )

    assert sentences(shop, "UPDATE app_user SET email = 'x'") == [
        "act: the trigger late of public.app_user runs public.stamp only at COMMIT, so it is neither executed nor "
        "measured."
    ]


def test_what_a_trigger_calls_is_looked_into(shop: Probing) -> None:
    shop.tell(
        "CREATE FUNCTION dblink_exec(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "CREATE FUNCTION audit() RETURNS int LANGUAGE sql AS $$SELECT length(dblink_exec('INSERT ...'))$$",
        """CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
           $$BEGIN PERFORM public.Audit(); RETURN NEW; END$$""",
    )

    (found,) = sentences(shop, "UPDATE app_user SET email = 'x'")

    assert found.endswith("which works over a connection of its own (dblink), where it is not rolled back: that stays.")


def test_rules_and_what_stands_behind_views_are_named(shop: Probing) -> None:
    shop.tell(
        "CREATE VIEW people AS SELECT * FROM app_user",
        "CREATE RULE kept AS ON DELETE TO people DO INSTEAD UPDATE app_user SET email = NULL WHERE id = OLD.id",
        "CREATE RULE nowhere AS ON DELETE TO note DO INSTEAD NOTHING",
    )

    assert sentences(shop, "UPDATE people SET email = 'x'")[0] == STAMPED
    assert sentences(shop, "DELETE FROM people") == [
        STAMPED,
        "act: the rule kept of public.people rewrites the statement; what it writes is rolled back too.",
    ]
    assert sentences(shop, "DELETE FROM note") == [
        "act: the rule nowhere of public.note rewrites the statement; what it writes is rolled back too."
    ]


def test_the_trigger_of_a_partitioned_table_is_named_once(shop: Probing) -> None:
    shop.tell(
        "CREATE TABLE event (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (10) TO (20)",
        "CREATE TRIGGER logged AFTER INSERT OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION stamp()",
    )

    for statement in ("DELETE FROM event", "DELETE FROM event_2", "INSERT INTO event VALUES (1)"):
        (found,) = sentences(shop, statement)
        assert "the trigger logged of public.event runs" in found


def test_what_a_statement_itself_does_is_named(shop: Probing) -> None:
    shop.tell("CREATE FUNCTION create_user(int) RETURNS void LANGUAGE sql AS 'INSERT INTO app_user VALUES ($1)'")

    assert sentences(shop, "SELECT pg_advisory_lock(1)", "SELECT create_user(7)", "SELECT lower('X'), now()") == [
        "act: a statement takes an advisory lock that outlives a transaction: that stays.",
        "act: a statement calls public.create_user; its work in the database is rolled back, but its triggers and "
        "sequences were not examined.",
    ]


def test_an_advisory_lock_of_a_probe_is_given_back_after_each_sample(shop: Probing) -> None:
    locking = probe(
        "lock", "SELECT pg_advisory_lock(7)", "SELECT 1 / count(*) FROM pg_locks WHERE objid = 7", writes=True
    )
    free = probe("free", "SELECT 1 / (count(*) = 0)::int FROM pg_locks WHERE locktype = 'advisory' AND objid = 7")

    found = shop.measure(locking, free)

    assert [(one.errors, one.error) for one in found.measured] == [(0, ""), (0, "")]


def test_a_reading_probe_and_one_that_is_refused_have_no_escapes(shop: Probing) -> None:
    reading = probe("read", "SELECT * FROM app_user")
    refused = probe("refused", "DELETE FROM gone", writes=True)

    assert shop.escapes(reading, refused) == ()
