"""A database of many tables costs its server few connections: each is a process of its own there."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbops.domain.connection import DatabaseAddress
from dbops.gateways.live_tables import read_live_tables
from dbops.gateways.sessions import readings
from dbops.jobs.baseline import baseline
from demo.postgres import EmbeddedPostgres
from tests.backups import execute, target
from tests.unit.samples import NOW, Clock

TABLES = 40
FEW = 12


@pytest.fixture
def many(empty_database: str) -> str:
    execute(empty_database, *(f"CREATE TABLE t{number} AS SELECT 1 AS id" for number in range(TABLES)))
    return empty_database


def sessions(url: str) -> int:
    """How many there have been in that database, of those that have ended at least."""
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres") as connection:
        row = connection.execute("SELECT sessions FROM pg_stat_database WHERE datname = %s", [name]).fetchone()
    assert row is not None
    return int(row[0])


def test_a_baseline_asks_all_tables_over_a_few_connections(many: str, tmp_path: Path) -> None:
    before = sessions(many)
    report = baseline(target("vault"), DatabaseAddress.from_url(many), tmp_path, clock=Clock(NOW))

    assert len(report.written) == TABLES + 1
    assert sessions(many) - before < FEW


def test_the_rows_of_all_tables_are_counted_over_a_few_connections(many: str) -> None:
    before = sessions(many)
    found = read_live_tables(DatabaseAddress.from_url(many), {}, NOW)

    assert [(table.rows, table.exact) for table in found.values()] == [(1, True)] * TABLES
    assert sessions(many) - before < FEW


def test_what_one_question_breaks_is_whole_for_the_next_one(many: str, postgres_server: EmbeddedPostgres) -> None:
    with readings(DatabaseAddress.from_url(many)) as begin:
        with begin(1000) as session:
            session.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            (pid,) = session.exec_driver_sql("SELECT pg_backend_pid()").one()
        with begin(2000) as session:
            asked = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), pg_backend_pid()"
            assert session.exec_driver_sql(asked).one() == ("0", "2s", pid)
        execute(postgres_server.url(), f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(Exception, match="cannot be used"), begin(1000) as session:
            session.exec_driver_sql("SELECT 1")
        with begin(1000) as session:
            assert session.exec_driver_sql("SELECT current_setting('transaction_read_only')").one() == ("on",)
