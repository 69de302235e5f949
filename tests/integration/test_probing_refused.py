"""What the server cannot execute is refused by file and line before any probe runs; nothing is executed for that."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dbops.domain.probes import Probe
from dbops.errors import InvalidRequest
from demo.postgres import EmbeddedPostgres
from tests.probing_measure import Probing, probe

FIVE = {"all": "SELECT id FROM item"}


@pytest.fixture
def shop(empty_database: str) -> Probing:
    """A database with a table of five items and an empty one, and a function that would leave a trace."""
    shop = Probing(empty_database)
    shop.tell(
        "CREATE TABLE item (id int PRIMARY KEY, name text)",
        "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 5) n",
        "CREATE TABLE nothing (id int)",
        "CREATE SEQUENCE trace",
    )
    return shop


def refusal(shop: Probing, *probes: Probe, **settings: Any) -> str:
    with pytest.raises(InvalidRequest) as caught:
        shop.require_runnable(*probes, **settings)
    return caught.value.what


WRONG: dict[str, tuple[Probe, str]] = {
    "a syntax error": (probe("a", "SELECT 1", "SELECT\n  1 +\n  FROM item"), 'a.sql:7: syntax error at or near "FROM"'),
    "an unknown table": (probe("a", "SELECT *\nFROM itme"), 'a.sql:5: relation "itme" does not exist'),
    "an unknown column": (probe("a", "SELECT 1,\n\n  nope FROM item"), 'a.sql:6: column "nope" does not exist'),
    "an unknown column behind parameters": (
        probe("a", "SELECT %(id)s,\n%(text)s,\n  nope FROM item", draw={"all": "SELECT 1 id, E'a\\nb\\nc' AS text"}),
        'a.sql:6: column "nope" does not exist',
    ),
    "DDL": (probe("a", "CREATE TABLE t (id int)", writes=True), 'a.sql:4: syntax error at or near "CREATE"; a probe'),
    "a table made of a query": (
        probe("a", "SELECT * INTO copy FROM item"),
        "a.sql:4: SELECT ... INTO is not allowed here",
    ),
    "a COMMIT": (probe("a", "COMMIT", writes=True), 'a.sql:4: syntax error at or near "COMMIT"; a probe'),
    "a block": (probe("a", "DO $$ BEGIN END $$", writes=True), 'a.sql:4: syntax error at or near "DO"; a probe'),
    "a reading probe that inserts": (
        probe("a", "INSERT INTO item VALUES (6)"),
        "a.sql:4: it writes to public.item, and",
    ),
    "a reading probe that deletes within a query": (
        probe("a", "WITH gone AS (DELETE FROM item RETURNING id) SELECT * FROM gone"),
        "it writes to public.item, and",
    ),
    "a reading probe that locks rows": (probe("a", "SELECT * FROM item FOR UPDATE"), "a.sql:4: it locks rows"),
    "a draw that is none": (probe("a", "SELECT %(id)s", draw={"x": "DROP TABLE item"}), 'the draw "x" was refused'),
    "a draw that writes": (
        probe("a", "SELECT %(id)s", draw={"x": "DELETE FROM item RETURNING id"}),
        'the draw "x" was refused: syntax error at or near "DELETE"',
    ),
    "a draw with an error": (
        probe("a", "SELECT %(id)s", draw={"x": "SELECT id FROM gone"}),
        'a.sql: the draw "x" was refused: relation "gone" does not exist',
    ),
    "a draw that gives no row, nor a column for a parameter": (
        probe("a", "SELECT %(id)s", draw={**FIVE, "x": "SELECT id AS other FROM nothing"}),
        'a.sql: the draw "x" gives no column id',
    ),
    "an unknown column of a probe whose draws give no row": (
        probe("a", "SELECT nope FROM item WHERE id = %(id)s", draw={"x": "SELECT id FROM nothing"}),
        'a.sql:4: column "nope" does not exist',
    ),
    "a draw that takes too long": (
        probe("a", "SELECT %(id)s", draw={"x": "SELECT 1 AS id FROM pg_sleep(60)"}),
        'a.sql: the draw "x" was refused: canceling statement due to statement timeout',
    ),
    "an unknown parameter": (
        probe("a", "SELECT %(id)s, %(nope)s", draw=FIVE),
        'a.sql: the draw "all" gives no column nope',
    ),
    "a parameter without a draw": (probe("a", "SELECT %(id)s"), "a.sql: nothing is drawn for :id"),
    "a value of the wrong type": (
        probe("a", "SELECT * FROM item WHERE id = %(id)s", draw={"x": "SELECT 'the-secret' AS id"}),
        "a.sql:4: invalid text representation (22P02)",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_refused_by_file_and_line_and_nothing_has_happened(shop: Probing, wrong: str) -> None:
    bad, said = WRONG[wrong]

    what = refusal(shop, probe("good", "SELECT 1"), bad, statement_timeout="2s")

    assert f"sql/shop/probes/{said}" in what or said in what
    assert what.startswith("The server cannot run the probes:\nsql/shop/probes/a.sql:")
    assert "good" not in what
    assert "the-secret" not in what
    assert shop.ask("SELECT count(*) FROM item") == [(5,)]


def test_every_bad_file_is_named_at_once(shop: Probing) -> None:
    what = refusal(shop, probe("a", "SELECT nope"), probe("b", "SELECT 1"), probe("c", "SELEC 1", "SELECT neither"))

    assert what == (
        'The server cannot run the probes:\nsql/shop/probes/a.sql:4: column "nope" does not exist\n'
        'sql/shop/probes/c.sql:4: syntax error at or near "SELEC"; a probe consists of SELECT, VALUES, INSERT, UPDATE, '
        'DELETE and MERGE\nsql/shop/probes/c.sql:5: column "neither" does not exist'
    )


def test_an_empty_table_is_no_fault_of_a_file(shop: Probing) -> None:
    empty = {"x": "SELECT id FROM nothing"}

    lacking = shop.require_runnable(
        probe("some", "SELECT %(id)s", draw={**FIVE, **empty}),
        probe("none", "SELECT * FROM item WHERE id = %(id)s", draw=empty),
        probe("types", "SELECT n FROM generate_series(1, %(id)s) n", "SELECT abs(%(id)s)", draw=empty),
        probe("writes", "DELETE FROM item WHERE id = %(id)s", writes=True, draw=empty),
    )

    assert lacking == {}


@pytest.fixture
def visitor(shop: Probing, postgres_server: EmbeddedPostgres) -> Iterator[Probing]:
    """The same database as a role that may do nothing."""
    name = f"visitor_{secrets.token_hex(4)}"
    postgres_server.create_role(name, "word")
    database = str(psycopg.conninfo.conninfo_to_dict(shop.url)["dbname"])
    yield Probing(postgres_server.url(database, user=name, password="word"))
    shop.tell(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_what_our_role_may_not_do_is_no_fault_of_a_file_and_told_with_what_grants_it(
    shop: Probing, visitor: Probing
) -> None:
    ((role,),) = visitor.ask("SELECT current_user")
    shop.tell("CREATE SCHEMA hidden", "CREATE TABLE hidden.item (id int)", f"GRANT SELECT ON nothing TO {role}")
    probes = (
        probe("may", "SELECT * FROM nothing"),
        probe("read", "SELECT * FROM item"),
        probe("insert", "INSERT INTO item VALUES (6)", writes=True),
        probe("update", "UPDATE item SET name = 'x' FROM nothing WHERE item.id = nothing.id", writes=True),
        probe("lock", "SELECT * FROM item FOR UPDATE", writes=True),
        probe("draw", "SELECT %(id)s", draw=FIVE),
        probe("schema", "SELECT * FROM hidden.item"),
    )

    lacking = visitor.require_runnable(*probes)

    or_role = ", or name a role that may under probes.connection"
    table = "permission denied for table item"
    assert lacking == {
        "read": f'{table}; GRANT SELECT ON "public"."item" TO "{role}"{or_role}',
        "insert": f'{table}; GRANT INSERT ON "public"."item" TO "{role}"{or_role}',
        "update": f'{table}; GRANT SELECT, UPDATE ON "public"."item" TO "{role}"{or_role}',
        "lock": f'{table}; GRANT SELECT, UPDATE ON "public"."item" TO "{role}"{or_role}',
        "draw": f'the draw "all" was refused: {table}; GRANT SELECT ON "public"."item" TO "{role}"{or_role}',
        "schema": f"permission denied for schema hidden; grant it that{or_role}",
    }
    for sentence in lacking.values():
        if "GRANT" in sentence:
            shop.tell(sentence[sentence.index("GRANT") : sentence.index(or_role)])
    assert visitor.require_runnable(*probes).keys() == {"schema"}


def test_a_bad_file_is_refused_also_where_our_role_may_not_execute_another(visitor: Probing) -> None:
    what = refusal(visitor, probe("a", "SELECT nope"), probe("b", "SELECT * FROM item"))
    assert "a.sql:4" in what
    assert "permission" not in what


def test_what_is_asked_for_is_not_executed(shop: Probing) -> None:
    good = (
        probe("read", "SELECT nextval('trace'), pg_sleep(60)"),
        probe("write", "INSERT INTO item SELECT nextval('trace')", writes=True),
        probe("merge", "MERGE INTO item USING nothing n ON item.id = n.id WHEN MATCHED THEN DELETE", writes=True),
        probe("with", "WITH a AS (SELECT 1) SELECT * FROM a"),
        probe("values", "VALUES (1)"),
        probe("comment", "-- a comment; with a ' in it\nSELECT 1 -- and one behind"),
        probe("lock", "SELECT * FROM item FOR UPDATE", writes=True),
    )

    shop.require_runnable(*good, statement_timeout="5s")

    assert shop.ask("SELECT is_called FROM trace") == [(False,)]
    shop.wait_until_closed()


def test_a_lock_is_nothing_against_a_probe(shop: Probing) -> None:
    with psycopg.connect(shop.url) as other:
        other.execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")

        shop.require_runnable(
            probe("a", "SELECT * FROM item"), probe("b", "SELECT %(id)s", draw=FIVE), lock_timeout="0.1s"
        )


def test_a_character_that_the_database_lacks_is_named_by_its_line(postgres_server: EmbeddedPostgres) -> None:
    name = f"latin_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0".encode()
        )
    try:
        what = refusal(Probing(postgres_server.url(name)), probe("a", "SELECT 'ü',\n  '\u20ac'"))
    finally:
        postgres_server.drop_database(name)

    assert "a.sql:5: it has a character that the database's encoding, LATIN1, lacks" in what
