"""Promise: a migration takes effect whole or not at all, leaves no INVALID index, and nobody waits long behind it."""

from __future__ import annotations

import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import MigrationFailed
from dbops.gateways.migrating.ledger_mark import LedgerMark, rolled_back, stepped
from dbops.gateways.migrating.runner import MigrationRunner
from tests.backups import execute
from tests.faults.job import wait_until

LEDGER = """CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255),
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0)"""
LIMITS = {
    "lock_timeout": timedelta(milliseconds=300),
    "tries": 3,
    "statement_timeout": timedelta(seconds=60),
    "concurrent_timeout": timedelta(seconds=60),
}
BUILD = 'CREATE INDEX CONCURRENTLY "Notes_n_idx" ON notes (n)'

SLOW = """CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql
    AS $$BEGIN PERFORM pg_sleep(1); RETURN n; END$$"""


class Ground:
    """A database with a table of notes, a ledger with one row, and what runs migrations in it."""

    def __init__(self, url: str) -> None:
        self.url, self.address = url, DatabaseAddress.from_url(url)
        self.row = str(uuid.uuid4())
        self.seen: list[MigrationProgress] = []
        self.listener: Callable[[MigrationProgress], None] = self.seen.append
        self.tell("CREATE TABLE notes (n int, t text)", LEDGER)
        self.tell("INSERT INTO notes SELECT n, 'x' FROM generate_series(1, 100) n")
        row = f"VALUES ('{self.row}', 'c', '1_x')"
        self.tell(f"INSERT INTO _prisma_migrations (id, checksum, migration_name) {row}")

    @property
    def mark(self) -> LedgerMark:
        return stepped(self.address, self.row)

    def runner(self, **limits: Any) -> MigrationRunner:
        return MigrationRunner(self.address, MigrationOptions.model_validate({**LIMITS, **limits}), self._listen)

    def _listen(self, progress: MigrationProgress) -> None:
        self.listener(progress)

    def tell(self, *statements: str) -> None:
        execute(self.url, *statements)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as session:
            return session.execute(query.encode()).fetchall()

    def steps(self) -> int:
        ((steps,),) = self.ask("SELECT applied_steps_count FROM _prisma_migrations")
        return int(steps)

    def indexes(self) -> list[tuple[str, bool]]:
        return self.ask(
            """SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = 'notes'::regclass"""
        )

    def sessions(self) -> list[tuple[Any, ...]]:
        """Ours, while a migration is at work."""
        return self.ask(
            """SELECT pid, wait_event_type, query FROM pg_stat_activity WHERE datname = current_database()
               AND application_name LIKE 'dbops%' AND pid <> pg_backend_pid()"""
        )

    def expect_no_session(self) -> None:
        wait_until(lambda: self.sessions() == [], "every session of ours has ended", 15)

    def working(self) -> list[int]:
        return [
            pid
            for (pid,) in self.ask(
                """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                   AND application_name = 'dbops migrate'"""
            )
        ]

    @contextmanager
    def transaction(self, statement: str) -> Iterator[psycopg.Connection[Any]]:
        """Somebody who has begun something and does not end it."""
        with psycopg.connect(self.url) as session:
            session.execute(statement.encode())
            yield session


@pytest.fixture
def ground(empty_database: str) -> Ground:
    return Ground(empty_database)


@contextmanager
def in_the_background(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Run something in another thread; what is given waits for its end, and raises what it raised."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        yield lambda: future.result(60)


def test_all_statements_and_the_mark_take_effect_together(ground: Ground) -> None:
    ground.runner().run("1_x", "ALTER TABLE notes ADD a int; SET ROLE pg_monitor; SELECT 'a%sb', 1 % 2;", ground.mark)

    assert ground.ask("SELECT a FROM notes LIMIT 1") == [(None,)]
    assert ground.steps() == 1
    ground.expect_no_session()


def test_a_text_of_comments_alone_is_executed_as_nothing(ground: Ground) -> None:
    ground.runner().run("1_x", "-- nothing yet\n", ground.mark)

    assert ground.steps() == 1


def test_a_refused_statement_leaves_nothing_of_those_before_it_and_no_detail_is_told(ground: Ground) -> None:
    ground.tell("CREATE UNIQUE INDEX one ON notes (n)")

    with pytest.raises(MigrationFailed) as failure:
        ground.runner().run("1_x", "ALTER TABLE notes ADD a int; INSERT INTO notes VALUES (77, 'secret')", ground.mark)

    assert failure.value.code == "23505"
    assert failure.value.said == "unique violation (23505), constraint one of notes"
    assert "77" not in str(failure.value)
    assert ground.ask("SELECT count(*) FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'a'") == [
        (0,)
    ]
    assert ground.steps() == 0


def test_nothing_takes_effect_without_its_row_in_the_ledger(ground: Ground) -> None:
    ground.tell("DELETE FROM _prisma_migrations")

    with pytest.raises(MigrationFailed, match="row of this migration is gone"):
        ground.runner().run("1_x", "DROP TABLE notes", ground.mark)

    assert ground.ask("SELECT count(*) FROM notes") == [(100,)]


def test_taking_back_is_marked_in_the_same_way(ground: Ground) -> None:
    ground.runner().run("1_x", "ALTER TABLE notes DROP t", rolled_back(ground.address, ground.row, datetime.now(UTC)))

    assert ground.ask("SELECT rolled_back_at IS NOT NULL FROM _prisma_migrations") == [(True,)]


def test_it_gives_up_after_its_tries_and_says_whom_it_waited_for(ground: Ground) -> None:
    with ground.transaction("SELECT count(*) FROM notes") as reader:
        with pytest.raises(MigrationFailed, match=r"tried 3 times, .* lock timeout of 1 s") as failure:
            ground.runner(lock_timeout=timedelta(seconds=1)).run("1_x", "ALTER TABLE notes ADD a int", ground.mark)

        assert failure.value.code == "55P03"
        assert {pid for one in ground.seen for pid in one.waits_for} == {reader.info.backend_pid}
        assert f"(process {reader.info.backend_pid})" in failure.value.what
    assert ground.steps() == 0


def test_it_gets_in_as_soon_as_the_long_transaction_is_over(ground: Ground) -> None:
    with (
        ground.transaction("SELECT count(*) FROM notes") as reader,
        in_the_background(
            lambda: ground.runner(tries=100).run("1_x", "ALTER TABLE notes ADD a int", ground.mark)
        ) as over,
    ):
        wait_until(lambda: any(one.doing == "try 2 of 100" for one in ground.seen), "it tries again")
        reader.rollback()
        over()

    assert ground.steps() == 1


def test_writers_never_wait_longer_behind_it_than_its_lock_timeout(ground: Ground) -> None:
    over, waits, errors = threading.Event(), list[float](), list[str]()

    def write() -> None:
        with psycopg.connect(ground.url, autocommit=True) as session:
            while not over.is_set():
                began = time.monotonic()
                try:
                    session.execute("INSERT INTO notes VALUES (1, 'w')")
                except psycopg.Error as error:
                    errors.append(str(error))
                waits.append(time.monotonic() - began)

    with ThreadPoolExecutor(4) as pool, ground.transaction("SELECT count(*) FROM notes"):
        writers = [pool.submit(write) for _ in range(4)]
        try:
            with pytest.raises(MigrationFailed, match="tried 3 times"):
                ground.runner(tries=3, lock_timeout=timedelta(seconds=1)).run(
                    "1_x", "ALTER TABLE notes ADD a int", ground.mark
                )
        finally:
            over.set()
        for writer in writers:
            writer.result(60)

    assert errors == []
    assert len(waits) > 20
    # Without a lock timeout all would have waited as long as the transaction lasts: for the whole test.
    assert max(waits) < 1 + 5
    assert statistics.median(waits) < 1


def test_a_build_says_how_far_it_is_and_whom_it_waits_for(ground: Ground) -> None:
    with (
        ground.transaction("INSERT INTO notes VALUES (1, 'open')") as writer,
        in_the_background(lambda: ground.runner().run_alone("1_x", BUILD)) as over,
    ):
        pid = writer.info.backend_pid
        wait_until(lambda: any(pid in one.waits_for for one in ground.seen), "it waits for the writer")
        assert any("waiting for writers" in one.doing for one in ground.seen)
        assert any(f"waits for the server's process {pid}" in one.sentence() for one in ground.seen)
        writer.commit()
        over()

    assert ground.indexes() == [("Notes_n_idx", True)]
    ground.expect_no_session()


def test_an_invalid_leftover_is_not_taken_for_the_index_that_is_wanted(ground: Ground) -> None:
    ground.tell(BUILD, """UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Notes_n_idx"'::regclass""")

    ground.runner().run_alone("1_x", BUILD.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS"))

    assert ground.indexes() == [("Notes_n_idx", True)]


def test_a_build_that_cannot_succeed_leaves_nothing(ground: Ground) -> None:
    ground.tell("INSERT INTO notes VALUES (1, 'twice')")

    with pytest.raises(MigrationFailed) as failure:
        ground.runner().run_alone("1_x", BUILD.replace("CREATE INDEX", "CREATE UNIQUE INDEX"))

    assert failure.value.code == "23505"
    assert ground.indexes() == []


def test_all_statements_together_have_the_statement_timeout_for_their_locks_are_held_to_the_end(
    ground: Ground,
) -> None:
    text = "ALTER TABLE notes ADD a int; " + "SELECT pg_sleep(0.8); " * 60

    with pytest.raises(MigrationFailed, match=r"together took longer than .* Nothing in it") as failure:
        ground.runner(statement_timeout=timedelta(seconds=1)).run("1_x", text, ground.mark)

    assert failure.value.code == "57014"
    assert ground.ask("SELECT * FROM notes LIMIT 1") == [(1, "x")]
    assert ground.steps() == 0


def test_a_build_that_lasts_too_long_is_ended_and_leaves_nothing(ground: Ground) -> None:
    ground.tell(SLOW)

    with pytest.raises(MigrationFailed) as failure:
        ground.runner(concurrent_timeout=timedelta(seconds=1)).run_alone("1_x", BUILD.replace("(n)", "(slow(n))"))

    assert failure.value.code == "57014"
    assert ground.indexes() == []


def test_a_drop_that_cannot_be_ended_says_that_the_index_is_invalid_and_how_to_end_it(ground: Ground) -> None:
    ground.tell(BUILD)
    drop = 'DROP INDEX CONCURRENTLY "Notes_n_idx"'
    with (
        ground.transaction("SELECT count(*) FROM notes"),
        pytest.raises(MigrationFailed) as failure,
    ):
        ground.runner(concurrent_timeout=timedelta(seconds=3)).run_alone("1_x", drop)

    assert ground.indexes() == [("Notes_n_idx", False)]
    assert "Nothing in it has taken effect" not in failure.value.what
    assert 'The index public."Notes_n_idx" is INVALID now' in failure.value.what
    assert 'DROP INDEX CONCURRENTLY public."Notes_n_idx";' in failure.value.left
    ground.runner().settle_alone("1_x", drop)
    assert ground.indexes() == []
    assert ground.runner().has_happened("1_x", drop)


def test_a_drop_that_has_not_begun_leaves_its_index_in_use(ground: Ground) -> None:
    ground.tell(BUILD)
    with ground.transaction("LOCK notes"), pytest.raises(MigrationFailed, match="Nothing in it has taken effect"):
        ground.runner(concurrent_timeout=timedelta(seconds=1)).run_alone("1_x", 'DROP INDEX CONCURRENTLY "Notes_n_idx"')

    assert ground.indexes() == [("Notes_n_idx", True)]


def test_a_drop_that_is_stopped_is_dropped_to_the_end_where_nobody_is_in_its_way(ground: Ground) -> None:
    ground.tell(BUILD)
    reader = psycopg.connect(ground.url)
    reader.execute("SELECT count(*) FROM notes")

    def stop(progress: MigrationProgress) -> None:
        if progress.waits_for and ground.indexes() == [("Notes_n_idx", False)]:
            reader.close()
            raise KeyboardInterrupt

    ground.listener = stop
    with pytest.raises(KeyboardInterrupt):
        ground.runner().run_alone("1_x", 'DROP INDEX CONCURRENTLY "Notes_n_idx"')

    assert ground.indexes() == []
    ground.expect_no_session()


def test_an_index_that_somebody_else_is_building_is_left_alone(ground: Ground) -> None:
    with ground.transaction("INSERT INTO notes VALUES (1, 'open')") as writer:

        def build() -> None:
            ground.tell(BUILD)

        with in_the_background(build) as built:
            wait_until(lambda: ground.indexes() == [("Notes_n_idx", False)], "somebody builds it")
            with pytest.raises(MigrationFailed, match="may be building it"):
                ground.runner().run_alone("1_x", BUILD)
            writer.commit()
            built()

    assert ground.indexes() == [("Notes_n_idx", True)]


def test_a_build_that_made_no_index_is_no_success(ground: Ground) -> None:
    ground.tell("CREATE TABLE others (n int)", 'CREATE INDEX "Notes_n_idx" ON others (n)')

    with pytest.raises(MigrationFailed, match="its index is not there"):
        ground.runner().run_alone("1_x", BUILD.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS"))


def test_a_connection_that_is_cut_again_and_again_is_a_failure_once_it_is_seen_that_nothing_took_effect(
    ground: Ground,
) -> None:
    text = "SELECT pg_sleep(60); DROP TABLE notes"
    with in_the_background(lambda: ground.runner().run("1_x", text, ground.mark)) as over:
        for _ in range(3):
            wait_until(lambda: any("pg_sleep" in query for _, _, query in ground.sessions()), "it is in the middle")
            (pid,) = ground.working()
            ground.tell(f"SELECT pg_terminate_backend({pid})")
            wait_until(lambda pid=pid: pid not in ground.working(), "it was cut")  # type: ignore[misc]
        with pytest.raises(MigrationFailed, match="Nothing in it has taken effect"):
            over()

    assert ground.steps() == 0
    assert ground.ask("SELECT count(*) FROM notes") == [(100,)]


def terminate(ground: Ground) -> None:
    """Cut the session of the migration."""
    wait_until(ground.working, "it is at work")
    ground.tell(*(f"SELECT pg_terminate_backend({pid})" for pid in ground.working()))


def test_a_cut_connection_is_followed_by_another_try_only_when_nothing_took_effect(ground: Ground) -> None:
    once = (
        "UPDATE notes SET n = n + 1000; SELECT pg_sleep(CASE WHEN (SELECT count(*) FROM cuts) = 0 THEN 60 ELSE 0 END)"
    )
    ground.tell("CREATE TABLE cuts ()")
    with in_the_background(lambda: ground.runner().run("1_x", once, ground.mark)) as over:
        wait_until(lambda: any("pg_sleep" in query for _, _, query in ground.sessions()), "it is in the middle")
        ground.tell("INSERT INTO cuts DEFAULT VALUES")
        terminate(ground)
        over()

    assert ground.ask("SELECT min(n), max(n) FROM notes") == [(1001, 1100)]
    assert ground.steps() == 1


def test_a_build_whose_connection_is_cut_is_begun_anew_without_its_leftover(ground: Ground) -> None:
    with (
        ground.transaction("INSERT INTO notes VALUES (1, 'open')") as writer,
        in_the_background(lambda: ground.runner().run_alone("1_x", BUILD)) as over,
    ):
        wait_until(lambda: ground.indexes() == [("Notes_n_idx", False)], "it is in the middle")
        terminate(ground)
        writer.commit()
        over()

    assert ground.indexes() == [("Notes_n_idx", True)]


class Stopped(BaseException):
    """What a signal raises."""


def stop_when(ground: Ground, condition: Callable[[MigrationProgress], bool]) -> None:
    def listener(progress: MigrationProgress) -> None:
        if condition(progress):
            raise Stopped

    ground.listener = listener


def test_who_is_stopped_cancels_the_statement_and_leaves_nothing(ground: Ground) -> None:
    stop_when(ground, lambda progress: bool(progress.waits_for))
    with ground.transaction("SELECT count(*) FROM notes"), pytest.raises(Stopped):
        ground.runner(lock_timeout=timedelta(seconds=60)).run("1_x", "ALTER TABLE notes ADD a int", ground.mark)

    ground.expect_no_session()
    assert ground.steps() == 0


def test_who_is_stopped_within_a_build_leaves_no_invalid_index(ground: Ground) -> None:
    stop_when(ground, lambda progress: bool(progress.total))
    ground.tell(SLOW)
    with pytest.raises(Stopped):
        ground.runner().run_alone("1_x", BUILD.replace("(n)", "(slow(n))"))

    ground.expect_no_session()
    assert ground.indexes() == []
