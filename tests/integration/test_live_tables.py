"""Promise: what a plan shows as the live rows is counted, or said to be an estimate; it never waits long for it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from dbops.domain.restores.live_facts import LiveTable, TableName
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.server.live_tables import read_live_tables
from demo.postgres import EmbeddedPostgres
from tests.backups import execute

SINCE = datetime(2026, 11, 22, 2, tzinfo=UTC)
ODD = 'o"dd %s\\ 表'


@pytest.fixture
def live(empty_database: str) -> str:
    execute(
        empty_database,
        "CREATE TABLE orders (n int, placed timestamptz, day date, note text)",
        "INSERT INTO orders SELECT n, '2026-11-22 01:58Z'::timestamptz + n * interval '1 minute', '2026-11-22', n "
        "FROM generate_series(1, 5) n",
        f'CREATE TABLE "{ODD.replace(chr(34), chr(34) * 2)}" ("{ODD.replace(chr(34), chr(34) * 2)}" timestamp)',
        "CREATE TABLE parted (n int) PARTITION BY RANGE (n)",
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "INSERT INTO parted VALUES (1), (2)",
        "ANALYZE",
    )
    return empty_database


def read(url: str, times: dict[str, str] | None = None, *, budget: float = 60.0) -> dict[TableName, LiveTable]:
    return read_live_tables(DatabaseAddress.from_url(url), times or {}, SINCE, budget=budget)


def test_every_table_is_counted_with_its_own_rows(live: str) -> None:
    assert read(live) == {
        ("public", "orders"): LiveTable(5, exact=True),
        ("public", ODD): LiveTable(0, exact=True),
        ("public", "parted_1"): LiveTable(2, exact=True),
    }


@pytest.mark.parametrize("key", ["orders", "public.orders"])
def test_a_time_column_shows_what_came_after_the_backup(live: str, key: str) -> None:
    found = read(live, {key: "placed", ODD: ODD})

    assert found["public", "orders"] == LiveTable(5, exact=True, newest="2026-11-22 02:03:00+00", since=3)
    assert found["public", ODD] == LiveTable(0, exact=True, newest=None, since=0)


@pytest.mark.parametrize("column", ["gone", "note", 'placed"; DROP TABLE orders; --'])
def test_a_column_that_holds_no_time_is_left_out(live: str, column: str) -> None:
    assert read(live, {"orders": column})["public", "orders"] == LiveTable(5, exact=True)


def test_without_time_left_rows_are_estimates(live: str) -> None:
    assert read(live, budget=0)["public", "orders"] == LiveTable(5, exact=False)


def test_a_locked_table_is_not_waited_for(live: str) -> None:
    with psycopg.connect(live) as migration:
        migration.execute("LOCK TABLE orders")

        assert read(live)["public", "orders"] == LiveTable(5, exact=False)


def test_rows_that_a_policy_hides_are_not_taken_for_gone(live: str, postgres_server: EmbeddedPostgres) -> None:
    reader = f"reader_{secrets.token_hex(3)}"
    postgres_server.create_role(reader, "word")
    execute(live, f"GRANT SELECT ON orders TO {reader}", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    try:
        address = replace(DatabaseAddress.from_url(live), user=reader, password="word")

        assert read_live_tables(address, {}, SINCE)["public", "orders"] == LiveTable(5, exact=False)
    finally:
        execute(live, f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")
