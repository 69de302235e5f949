"""A real Prisma Migrate takes what we have written into its ledger for its own.

Where there is no node these tests say so, and compare the ledger, to the byte, with what Prisma has left elsewhere.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from dbops.domain.ledger.logs import failure_logs
from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.migration_files import read_migrations
from dbops.gateways.migrating.ledger import LedgerSession, read_ledger
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create
from tests.migrating_ledger import BROKEN, FIRST, SECOND, live_through, recorded, told
from tests.prisma import Prisma, why_no_prisma

ROOT = Path(__file__).parents[2]
SCHEMA = (ROOT / "demo/summary_app/schema.prisma").read_text("utf-8")
UP_TO_DATE = "Database schema is up to date!"
THIRD = Migration(name="20991231000000_third", body=b'CREATE INDEX "third" ON "Tag" ("createdAt");\n')
LIVE = ("--exit-code", "--from-config-datasource")
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)

Project = Callable[..., Prisma]


@pytest.fixture
def project(
    empty_database: str,
    postgres_server: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Iterator[Project | None]:
    """What makes a Prisma project for the empty database; None where Prisma cannot run, which it says aloud."""
    why = why_no_prisma()
    if why:
        with capsys.disabled():
            told_instead = "so the ledger was compared with what Prisma has left elsewhere"
            print(f"\n{request.node.name}: {why}, {told_instead}", file=sys.stderr)  # noqa: T201 - for people
        yield None
        return
    shadow = f"shadow_{secrets.token_hex(4)}"
    postgres_server.create_database(shadow)

    def made(schema: str = "", query: str = "") -> Prisma:
        options = {"schema": schema} if schema else {}
        return Prisma(tmp_path / "project", f"{empty_database}{query}", postgres_server.url(shadow), **options)

    yield made
    postgres_server.drop_database(shadow)


def apply(url: str, *migrations: Migration, baseline: bool = True) -> None:
    """Bring a database that has the first under the ledger as an apply does, and execute the others."""
    with (
        LedgerSession(DatabaseAddress.from_url(url)) as ledger,
        psycopg.connect(url.partition("?")[0], autocommit=True, cursor_factory=psycopg.ClientCursor) as connection,
    ):
        ledger.create()
        for number, migration in enumerate(migrations):
            moment = NOW + timedelta(minutes=number)
            if baseline and not number:
                ledger.mark_applied(migration, moment)
                continue
            row = ledger.begin(migration, moment)
            connection.execute(migration.body)
            ledger.step(row)
            ledger.finish(row, moment + timedelta(seconds=1))


def wait_for_a_waiter(url: str) -> None:
    """Until somebody waits for Prisma's lock."""
    deadline = time.monotonic() + 60
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707369 AND NOT granted"
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(query).fetchone() == (0,):
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.05)


def as_recorded(url: str) -> None:
    """The proof where there is no Prisma."""
    live_through(url)
    assert told(url) == recorded()


def test_our_ledger_is_to_the_byte_what_prisma_writes(empty_database: str, project: Project | None) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    prisma = project()
    prisma.add(FIRST)
    with psycopg.connect(empty_database) as connection:
        connection.execute(FIRST.body)
    assert prisma.run("resolve", "--applied", FIRST.name).status == 0
    prisma.add(SECOND)
    assert prisma.run("deploy").status == 0
    prisma.add(BROKEN)
    assert prisma.run("deploy").status == 1
    assert prisma.run("resolve", "--rolled-back", BROKEN.name).status == 0

    prismas = told(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP TABLE _prisma_migrations")
    live_through(empty_database)

    assert told(empty_database) == prismas
    assert prismas == recorded()


def test_after_our_baseline_and_migrations_prisma_sees_nothing_to_do(
    empty_database: str, project: Project | None
) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    create(empty_database)
    migrations = read_migrations(ROOT / "include", "summary_app")
    prisma = project(SCHEMA)
    prisma.add(migrations[0])
    apply(empty_database, migrations[0])
    status, difference = prisma.run("status"), prisma.run("diff", *LIVE, "--to-migrations", "migrations")
    assert (status.status, difference.status) == (0, 0), (status.text, difference.text)
    assert UP_TO_DATE in status.text
    assert "No difference detected" in difference.text

    prisma.add(*migrations[1:])
    assert "have not yet been applied" in prisma.run("status").text
    with_ledger = judge_ledger(migrations, read_ledger(DatabaseAddress.from_url(empty_database)))
    assert with_ledger.pending == tuple(one.name for one in migrations[1:])
    apply(empty_database, *migrations[1:], baseline=False)

    assert UP_TO_DATE in prisma.run("status").text
    for expected in (("--to-migrations", "migrations"), ("--to-schema", "schema.prisma")):
        difference = prisma.run("diff", *LIVE, *expected)
        assert (difference.status, "No difference detected" in difference.text) == (0, True), difference.text


def test_prisma_deploys_what_comes_next(empty_database: str, project: Project | None) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    create(empty_database)
    migrations = read_migrations(ROOT / "include", "summary_app")
    prisma = project(SCHEMA)
    prisma.add(*migrations, THIRD)
    apply(empty_database, *migrations)

    deployed = prisma.run("deploy")

    assert deployed.status == 0, deployed.text
    assert THIRD.name in deployed.text
    assert not any(one.name in deployed.text for one in migrations)
    assert UP_TO_DATE in prisma.run("status").text
    state = judge_ledger((*migrations, THIRD), read_ledger(DatabaseAddress.from_url(empty_database)))
    assert state.applied == tuple(one.name for one in (*migrations, THIRD))
    assert (state.pending, state.edited, state.failed) == ((), (), ())
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('third') IS NOT NULL").fetchone() == (True,)


def test_after_a_failure_of_ours_prisma_refuses_until_it_is_rolled_back(
    empty_database: str, project: Project | None
) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    prisma = project()
    prisma.add(FIRST, BROKEN)
    with psycopg.connect(empty_database) as connection:
        connection.execute(FIRST.body)
    address = DatabaseAddress.from_url(empty_database)
    with LedgerSession(address) as ledger:
        ledger.create()
        ledger.mark_applied(FIRST, NOW)
        row = ledger.begin(BROKEN, NOW)
        ledger.fail(row, failure_logs(BROKEN.name, "42P01", 'relation "nowhere" does not exist'))

    refused = prisma.run("deploy")
    assert refused.status == 1
    assert "P3009" in refused.text
    assert BROKEN.name in refused.text

    with LedgerSession(address) as ledger:
        ledger.roll_back(row, NOW)
    prisma.remove(BROKEN)
    prisma.add(SECOND)
    assert prisma.run("deploy").status == 0
    assert UP_TO_DATE in prisma.run("status").text


def test_what_we_took_back_prisma_deploys_anew(empty_database: str, project: Project | None) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    prisma = project()
    prisma.add(FIRST, SECOND)
    with psycopg.connect(empty_database) as connection:
        connection.execute(FIRST.body)
    apply(empty_database, FIRST, SECOND)
    with (
        LedgerSession(DatabaseAddress.from_url(empty_database)) as ledger,
        psycopg.connect(empty_database) as connection,
    ):
        connection.execute("ALTER TABLE a DROP COLUMN b")
        row = next(row for row in ledger.rows() or () if row.name == SECOND.name)
        ledger.roll_back(row.row_id, NOW + timedelta(hours=1))

    assert SECOND.name in prisma.run("status").text
    assert prisma.run("deploy").status == 0
    assert UP_TO_DATE in prisma.run("status").text
    state = judge_ledger((FIRST, SECOND), read_ledger(DatabaseAddress.from_url(empty_database)))
    assert state.applied == (FIRST.name, SECOND.name)


def test_prisma_finds_our_ledger_in_the_schema_of_its_url(empty_database: str, project: Project | None) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE SCHEMA app; CREATE TABLE app.a (id integer PRIMARY KEY)")
    prisma = project(query="?schema=app")
    prisma.add(FIRST)
    apply(f"{empty_database}?schema=app", FIRST)

    assert UP_TO_DATE in prisma.run("status").text
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('public._prisma_migrations')").fetchone() == (None,)


def test_prisma_and_we_wait_for_each_other(empty_database: str, project: Project | None) -> None:
    if project is None:
        as_recorded(empty_database)
        return
    prisma = project()
    slow = Migration(name="0_slow", body=b"SELECT pg_sleep(0.5);\nCREATE TABLE slow ();\n")
    prisma.add(slow)

    with LedgerSession(DatabaseAddress.from_url(empty_database)) as ledger:
        ledger.create()
        running = prisma.start("deploy")
        wait_for_a_waiter(empty_database)
        assert ledger.rows() == ()
        ledger.finish(ledger.begin(slow, NOW), NOW)
    said = running()

    assert said.status == 0, said.text
    assert "No pending migrations to apply" in said.text
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('slow')").fetchone() == (None,)
