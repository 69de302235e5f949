"""The ledger is read and written on a real server as Prisma does it, by one at a time, and nothing is applied twice."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from dbops.domain.ledger.logs import failure_logs
from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.ledger.table import LedgerRow
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, InvalidConnection, PlanChanged, PreflightFailed
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.migrating.ledger import LedgerSession, read_ledger
from dbops.gateways.migrating.migrations import say_restored_migrations
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.faults.job import wait_until
from tests.migrating_ledger import live_through, recorded, told

INCLUDE = Path(__file__).parents[2] / "include"
NOW = datetime(2026, 11, 22, 2, 0, 0, 123_999, tzinfo=UTC)
MS = timedelta(milliseconds=1)
INIT, MORE, LAST = (Migration(name=name, body=f"-- {name}\n".encode()) for name in ("0_init", "1_more", "2_last"))
NAME = 'Sh%op " :x'
PRISMAS_LOCK = "SELECT pg_advisory_lock(72707369)"


def at(url: str) -> DatabaseAddress:
    return DatabaseAddress.from_url(url)


def only(rows: tuple[LedgerRow, ...] | None, name: str) -> LedgerRow:
    (row,) = [one for one in rows or () if one.name == name]
    return row


def test_a_database_without_a_ledger_has_none(empty_database: str) -> None:
    assert read_ledger(at(empty_database)) is None
    with LedgerSession(at(empty_database)) as ledger:
        assert ledger.rows() is None
    assert read_ledger(at(empty_database)) is None


def test_each_row_says_what_was_written(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.create()
        assert ledger.rows() == ()
        ledger.mark_applied(INIT, NOW)
        done = ledger.begin(MORE, NOW + 1000 * MS)
        ledger.step(done)
        ledger.finish(done, NOW + 1500 * MS)
        broken = ledger.begin(LAST, NOW + 2000 * MS)
        ledger.fail(broken, failure_logs(LAST.name, "42601", "syntax error"))
        rows = ledger.rows()

    moment = NOW.replace(microsecond=123_000)
    assert rows == read_ledger(at(empty_database))
    assert only(rows, "0_init") == LedgerRow(
        row_id=only(rows, "0_init").row_id,
        checksum=INIT.checksum,
        name="0_init",
        started=moment,
        finished=moment,
        logs="",
    )
    assert only(rows, "1_more") == LedgerRow(
        row_id=done,
        checksum=MORE.checksum,
        name="1_more",
        started=moment + 1000 * MS,
        finished=moment + 1500 * MS,
        steps=1,
    )
    assert only(rows, "2_last").is_failed
    assert "Database error code: 42601" in (only(rows, "2_last").logs or "")


def test_the_ledger_is_to_the_letter_what_prisma_makes(empty_database: str) -> None:
    live_through(empty_database)

    assert told(empty_database) == recorded()


def test_what_was_taken_back_is_pending_again_and_may_be_begun_anew(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.mark_applied(INIT, NOW)
        row = ledger.begin(MORE, NOW)
        ledger.finish(row, NOW)
        ledger.roll_back(row, NOW + MS)
        again = ledger.begin(MORE, NOW + 2 * MS)
        ledger.fail(again, "why")
        ledger.roll_back(again, NOW + 3 * MS)
        state = judge_ledger((INIT, MORE), ledger.rows())
        third = ledger.begin(MORE, NOW + 4 * MS)
        ledger.finish(third, NOW + 5 * MS)

    assert (state.applied, state.pending, state.failed) == (("0_init",), ("1_more",), ())
    rows = read_ledger(at(empty_database))
    assert [row.rolled_back is not None for row in rows or ()] == [False, True, True, False]
    assert judge_ledger((INIT, MORE), rows).applied == ("0_init", "1_more")


def test_nothing_is_applied_twice(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.mark_applied(INIT, NOW)
        for again in (ledger.begin, ledger.mark_applied):
            with pytest.raises(PlanChanged, match="0_init is already applied"):
                again(INIT, NOW)
        ledger.begin(MORE, NOW)
        for blocked in (MORE, LAST):
            with pytest.raises(PlanChanged, match="According to the ledger 1_more failed in the meantime"):
                ledger.begin(blocked, NOW)
        assert len(ledger.rows() or ()) == 2


def test_marking_one_that_failed_settles_it(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.begin(INIT, NOW)
        ledger.mark_applied(INIT, NOW + MS)
        first, second = ledger.rows() or ()

    assert first.rolled_back is not None
    assert second.is_applied


def test_a_row_that_is_not_there_cannot_be_changed(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        with pytest.raises(DatabaseError, match="has no row nobody that could be changed"):
            ledger.finish("nobody", NOW)
        with pytest.raises(DatabaseError, match="has no row 0_init"):
            ledger.roll_back("0_init", NOW)


def test_another_migration_is_waited_for_and_then_named(empty_database: str, postgres_server: EmbeddedPostgres) -> None:
    with psycopg.connect(empty_database, application_name="prisma", autocommit=True) as prisma:
        prisma.execute(PRISMAS_LOCK)
        holder = prisma.info.backend_pid
        with pytest.raises(PreflightFailed) as refused, LedgerSession(at(empty_database), wait=0.3):
            pass
        with LedgerSession(at(postgres_server.url())):  # another database's lock is another
            pass

    assert refused.value.what == (
        f"Another migration of database {at(empty_database).database} is running: the lock of Prisma Migrate is held "
        f"by process {holder} (postgres, prisma), and was not let go of within 0.3 seconds."
    )
    assert refused.value.remedy.startswith("Wait until it has ended")
    with LedgerSession(at(empty_database), wait=30) as ledger:
        ledger.create()


def test_an_ordinary_owner_writes_it_and_learns_who_is_at_work(
    empty_database: str, postgres_server: EmbeddedPostgres
) -> None:
    role = f"owner_{secrets.token_hex(4)}"
    postgres_server.create_role(role, "pass")
    try:
        execute(empty_database, f"GRANT CREATE, USAGE ON SCHEMA public TO {role}")
        address = at(postgres_server.url(at(empty_database).database, user=role, password="pass"))
        with LedgerSession(address) as ledger:
            ledger.create()
            ledger.mark_applied(INIT, NOW)
            ledger.require_lock()
        with (
            LedgerSession(at(empty_database)),
            pytest.raises(PreflightFailed, match=r"held by process \d+ \(postgres, dbops\)"),
            LedgerSession(address, wait=0),
        ):
            pass
        assert only(read_ledger(address), "0_init").is_applied
    finally:
        execute(empty_database, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_of_two_sessions_the_second_begins_when_the_first_is_over(empty_database: str) -> None:
    order: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with LedgerSession(at(empty_database), wait=60) as ledger:
            order.append("second")
            assert len(ledger.rows() or ()) == 1

    with LedgerSession(at(empty_database)) as first:
        waiting = threading.Thread(target=second)
        waiting.start()
        assert entered.wait(30)
        first.create()
        first.mark_applied(INIT, NOW)
        order.append("first")
    waiting.join(60)

    assert order == ["first", "second"]


def test_prisma_waits_for_us(empty_database: str) -> None:
    with LedgerSession(at(empty_database)), psycopg.connect(empty_database) as prisma:
        assert prisma.execute("SELECT pg_try_advisory_lock(72707369)").fetchone() == (False,)
    with psycopg.connect(empty_database) as prisma:
        # As soon as the server has noticed the end of our session.
        asked = "SELECT pg_try_advisory_lock(72707369)"
        wait_until(lambda: prisma.execute(asked).fetchone() == (True,), "the lock is let go of")


def test_a_session_that_was_ended_holds_no_lock_and_says_so(empty_database: str) -> None:
    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.require_lock()
        execute(
            empty_database,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 72707369",
        )
        with pytest.raises(DatabaseError):
            ledger.require_lock()
        for _ in range(2):
            with pytest.raises(DatabaseError, match="was lost"):
                ledger.begin(INIT, NOW)
        with LedgerSession(at(empty_database)) as other:
            assert other.rows() == ()


def test_the_ledger_lies_in_the_schema_of_the_connection(empty_database: str) -> None:
    execute(empty_database, 'CREATE SCHEMA "Sh%op "" :x"')
    address = at(f"{empty_database}?schema={quote(NAME)}")

    with LedgerSession(address) as ledger:
        ledger.create()
        ledger.finish(ledger.begin(INIT, NOW), NOW)

    assert read_ledger(at(empty_database)) is None
    assert only(read_ledger(address), "0_init").is_applied
    assert len(told(empty_database, '"Sh%op "" :x"._prisma_migrations')["rows"]) == 1


PLAIN = "id text, checksum text, finished_at timestamptz, migration_name text, logs text, rolled_back_at timestamptz"
SHAPES = {
    f"CREATE TABLE _prisma_migrations ({PLAIN}, started_at timestamptz)": "it has no column applied_steps_count",
    f"CREATE TABLE _prisma_migrations ({PLAIN}, started_at timestamp, applied_steps_count int)": (
        "its column started_at is timestamp without time zone instead of timestamp with time zone"
    ),
    f"CREATE TABLE _prisma_migrations ({PLAIN}, started_at timestamptz, applied_steps_count int, who text NOT NULL)": (
        "its column who is unknown to Prisma and must not be empty"
    ),
    "CREATE VIEW _prisma_migrations AS SELECT 1 AS id": "it is not a table",
    "CREATE TABLE _prisma_migrations ()": "it has no column id",
}


@pytest.mark.parametrize("made", SHAPES)
def test_what_is_no_ledger_is_refused_and_left_alone(made: str, empty_database: str) -> None:
    execute(empty_database, made)

    with pytest.raises(PreflightFailed) as refused:
        read_ledger(at(empty_database))
    with LedgerSession(at(empty_database)) as ledger, pytest.raises(PreflightFailed):
        ledger.create()

    assert refused.value.what.startswith("public._prisma_migrations is not the ledger that Prisma")
    assert SHAPES[made] in refused.value.what
    assert refused.value.remedy == "Move it out of the way or correct it; nothing was touched."


def test_a_ledger_with_more_than_prisma_needs_is_read(empty_database: str) -> None:
    execute(
        empty_database,
        f"CREATE TABLE _prisma_migrations ({PLAIN}, started_at timestamptz, applied_steps_count int, who text)",
    )

    assert read_ledger(at(empty_database)) == ()


def test_no_ledger_is_written_through_a_transaction_pooler(empty_database: str) -> None:
    with (
        pytest.raises(InvalidConnection, match="transaction pooler"),
        LedgerSession(at(f"{empty_database}?pgbouncer=true")),
    ):
        pass


def test_a_restore_is_told_at_which_migrations_its_state_is(empty_database: str) -> None:
    target = read_targets(INCLUDE).targets["summary_app"]
    names = sorted(path.parent.name for path in (INCLUDE / "sql/summary_app/migrations").glob("*/migration.sql"))
    body = (INCLUDE / f"sql/summary_app/migrations/{names[0]}/migration.sql").read_bytes()
    assert say_restored_migrations(at(empty_database), target) == (
        f"The restored state has no ledger of migrations (_prisma_migrations); the repository has {', '.join(names)}."
    )

    with LedgerSession(at(empty_database)) as ledger:
        ledger.create()
        ledger.mark_applied(Migration(name=names[0], body=body), NOW)
        ledger.mark_applied(Migration(name="9_gone", body=b""), NOW + MS)
    assert say_restored_migrations(at(empty_database), target) == (
        "Migrations of the restored state: its newest migration is 9_gone; not applied to it, though in the "
        f"repository: {', '.join(names[1:])}; applied to it, and not in the repository: 9_gone."
    )

    execute(empty_database, "ALTER TABLE _prisma_migrations DROP logs")
    assert "is not the ledger that Prisma Migrate creates" in say_restored_migrations(at(empty_database), target)
