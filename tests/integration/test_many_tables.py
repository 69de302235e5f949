"""A database of many tables costs its server few connections: each is a process of its own there."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbops.domain.options.checks import CheckOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.server.live_tables import read_live_tables
from dbops.gateways.server.restored_database import RestoredDatabase
from dbops.gateways.server.sessions import readings
from dbops.gateways.validator import validate
from dbops.jobs.checks.baseline import baseline
from demo.postgres import EmbeddedPostgres
from tests.backups import execute, target
from tests.unit.samples import NOW, Clock
from tests.validating import satisfies, suite

TABLES = 40
FEW = 12
LATE = 1  # a session that had ended before, and was counted only afterwards


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


def test_a_verification_counts_all_tables_over_the_connections_that_it_was_given_and_leaves_none(
    many: str, postgres_server: EmbeddedPostgres
) -> None:
    database = RestoredDatabase(DatabaseAddress.from_url(many))
    oids = list(database.tables().values())
    before = sessions(many)

    assert database.count(oids, 2) == [1] * TABLES
    assert sessions(many) - before <= 2 + LATE
    name = many.rpartition("/")[2]  # which cannot be renamed while anybody is connected
    execute(
        postgres_server.url(), f"ALTER DATABASE {name} RENAME TO {name}_", f"ALTER DATABASE {name}_ RENAME TO {name}"
    )


def test_checks_ask_all_tables_over_two_connections(many: str, tmp_path: Path) -> None:
    before = sessions(many)
    found = validate(
        DatabaseAddress.from_url(many),
        [suite(f"t{number}", satisfies("id = 1")) for number in range(TABLES)],
        options=CheckOptions(),
        full=True,
        folder=None,
        sql_folder=tmp_path,
    )

    assert len(found.row_counts) == TABLES
    assert not [result for result in found.results if result.is_bad]
    assert sessions(many) - before <= 2 + LATE


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
