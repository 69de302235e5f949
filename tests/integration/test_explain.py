"""Promise: a probe is explained as it is measured, and leaves nothing behind: no row, no lock, no value in an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.query_plan import Plan
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.probing.explain import explaining
from tests.backups import execute

SECRET = "nobody-knows-it"


@pytest.fixture
def orders(empty_database: str) -> str:
    execute(
        empty_database,
        "CREATE TABLE orders (id int PRIMARY KEY, note text)",
        "INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 100) n",
        "ANALYZE orders",
    )
    return empty_database


def probe(*statements: str, writes: bool = False) -> Probe:
    listed = tuple(Statement(sql, line=number) for number, sql in enumerate(statements, 5))
    return Probe(name="orders_kept", title="", model="", budget_ms=1, statements=listed, writes=writes)


def explained(
    url: str, asked: Probe, *, analyze: bool = True, options: ProbeOptions | None = None, **values: object
) -> tuple[Plan, ...]:
    drawn = Drawn("heavy", values)
    with explaining(DatabaseAddress.from_url(url), options or ProbeOptions()) as explainer:
        return explainer.plans(asked, drawn, analyze=analyze)


def rows(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT id, note FROM orders ORDER BY id").fetchall()


def test_each_statement_has_a_plan_of_its_own(orders: str) -> None:
    first, second = explained(
        orders, probe("SELECT * FROM orders WHERE note = %(note)s", "SELECT 1 -- 100%%"), note=SECRET
    )

    assert (first.line, second.line, first.kind) == (5, 6, "heavy")
    assert first.shape() == "Seq Scan on orders (note)"
    assert second.shape() == "Result"
    assert (first.root.rows, first.root.removed) == (0, 100)
    assert SECRET not in first.text() + repr(first)


def test_without_analyze_nothing_is_executed(orders: str) -> None:
    (plan,) = explained(orders, probe("SELECT pg_sleep(60), * FROM orders"), analyze=False)

    assert plan.execution_ms is None
    assert plan.root.estimate == 100


def test_later_statements_see_what_earlier_ones_wrote_and_nothing_stays(orders: str) -> None:
    before = rows(orders)

    found = explained(
        orders,
        probe(
            "INSERT INTO orders VALUES (%(id)s, 'new')",
            "SELECT * FROM orders WHERE id = %(id)s",
            "DELETE FROM orders",
            writes=True,
        ),
        id=1000,
    )

    assert [plan.line for plan in found] == [5, 6, 7]
    assert found[1].root.rows == 1
    assert found[2].root.children[0].rows == 101
    assert rows(orders) == before


def test_a_probe_that_only_reads_cannot_write(orders: str) -> None:
    with pytest.raises(DatabaseError, match="read-only transaction"):
        explained(orders, probe("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone"))

    assert len(rows(orders)) == 100


def test_what_takes_too_long_is_ended(orders: str) -> None:
    short = ProbeOptions(statement_timeout=timedelta(seconds=1))

    with pytest.raises(DatabaseError, match="statement timeout") as caught:
        explained(orders, probe("SELECT pg_sleep(60)"), options=short)

    assert "probes.statement_timeout" in caught.value.remedy


def test_a_lock_is_not_waited_for(orders: str) -> None:
    short = ProbeOptions(lock_timeout=timedelta(milliseconds=50))

    with psycopg.connect(orders) as migration:
        migration.execute("LOCK TABLE orders")
        with pytest.raises(DatabaseError, match="lock timeout") as caught:
            explained(orders, probe("SELECT * FROM orders"), options=short)

    assert "probes.lock_timeout" in caught.value.remedy


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT %(secret)s::int",
        "SELECT %(secret)s::regclass",
        "SELECT 1 LIMIT 1 %(secret)s",
        "SELECT * FROM orders WHERE note = %(secret)s AND gone = 1",
        "INSERT INTO orders VALUES (1, %(secret)s)",
        "INSERT INTO orders VALUES (NULL, %(secret)s)",
    ],
)
def test_an_error_names_the_statement_and_no_value(orders: str, statement: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        explained(orders, probe("SELECT 1", statement, writes=True), secret=SECRET)

    assert caught.value.what.startswith("The statement in line 6 of probe orders_kept could not be explained: ")
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_session_that_was_ended_says_so(orders: str) -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        explained(orders, probe("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_plain_names_are_looked_up_where_the_connection_says(orders: str) -> None:
    execute(orders, "CREATE SCHEMA shop", "ALTER TABLE orders SET SCHEMA shop")
    address = replace(DatabaseAddress.from_url(orders), search_schema="shop")

    with explaining(address, ProbeOptions()) as explainer:
        (plan,) = explainer.plans(probe("SELECT * FROM orders"), Drawn(), analyze=True)

    assert plan.root.table == ("shop", "orders")


def test_json_is_passed_on_as_it_was_drawn(orders: str) -> None:
    (plan,) = explained(orders, probe("SELECT %(document)s::jsonb -> 'a'"), document='{"a": 1}')

    assert plan.shape() == "Result"


def test_a_server_that_is_not_there_says_so() -> None:
    with pytest.raises(DatabaseError, match="cannot be used"):
        explained("postgresql://nobody@127.0.0.1:1/none", probe("SELECT 1"))
