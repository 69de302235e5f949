"""Promise: whatever happens on the database's side, the backup says it in a sentence, and leaves nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.relay import Relay
from dbops.errors import DatabaseError, DumpFailed
from demo.postgres import EmbeddedPostgres
from tests.backups import backed_up, execute
from tests.faults.job import Job, wait_until
from tests.faults.scene import YESTERDAY, Scene

CRAWL = 100_000.0
"""Bytes a second at which a backup of these tables takes minutes."""


@contextmanager
def in_the_middle(scene: Scene, slow_line: Relay) -> Iterator[Job]:
    """A backup that reads tables, and does not end before the block does, however much the machine has to do."""
    job = scene.start(port=slow_line.port)
    job.wait_until_reading()
    slow_line.bytes_per_second = CRAWL
    yield job
    slow_line.bytes_per_second = None  # what befell the server is only seen behind the megabytes that are on their way


def test_a_server_that_is_restarted_in_the_middle_fails_the_backup_and_not_the_next(
    scene: Scene, slow_line: Relay
) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    with in_the_middle(scene, slow_line) as job:
        crash(scene.server)
    try:
        outcome = job.finish()
    finally:
        scene.server.start()  # other tests live on it
    assert outcome.status == 3
    assert "pg_dump" in outcome.error
    assert "server" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def crash(server: EmbeddedPostgres) -> None:
    """Make it end at once, without a shutdown, as an immediate restart does."""
    postmaster = int((Path(server.data_directory) / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGQUIT)
    wait_until(lambda: not server.is_running(), "the server is down")


def test_a_line_that_is_cut_fails_the_backup_and_not_the_next(scene: Scene, slow_line: Relay) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    with in_the_middle(scene, slow_line) as job:
        slow_line.cut()
    outcome = job.finish()
    assert outcome.status == 3
    assert "pg_dump" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_sessions_that_an_administrator_terminates_fail_the_backup_and_say_so(scene: Scene, slow_line: Relay) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    with in_the_middle(scene, slow_line) as job:
        # Those that read: what pg_dump says of one that was just to begin with a table names none.
        execute(
            scene.url,
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'dbops' AND state = 'active' AND query LIKE 'COPY%'""",
        )
    outcome = job.finish()
    assert outcome.status == 3
    assert "Dumping the contents of table" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_table_that_a_migration_has_locked_fails_the_backup_in_time_and_names_the_remedy(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    with psycopg.connect(scene.url) as migration:
        migration.execute("LOCK TABLE visitors IN ACCESS EXCLUSIVE MODE")
        outcome = scene.start(lock_wait_timeout="1s").finish()
        assert outcome.status == 3
        assert "visitors" in outcome.error
        assert "lock" in outcome.error
        assert "backup.lock_wait_timeout" in outcome.error
        wait_until(lambda: len(scene.sessions()) == 1, "only the migration is connected")
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


@pytest.mark.parametrize("options", [{}, {"jobs": 4, "split_above": "1MiB"}], ids=["pg_dump", "several readers"])
def test_a_server_that_ends_whoever_is_idle_in_a_transaction_does_not_end_a_backup_that_waits_for_its_store(
    scene: Scene, options: dict[str, Any]
) -> None:
    limits = ("idle_in_transaction_session_timeout", "statement_timeout", "idle_session_timeout")
    execute(
        scene.server.url(),
        *(f"ALTER DATABASE {scene.database} SET {limit} = '1s'" for limit in limits),
        f"ALTER DATABASE {scene.database} SET transaction_timeout = '2s'",
    )
    scene.hold_parts()
    job = scene.start(**options)
    job.wait_until(scene.proxy.holding.is_set, "the store takes nothing")
    execute(scene.server.url(), "SELECT pg_sleep(3)")
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000


@pytest.mark.parametrize(("allowed", "remedy"), [(0, "Free connections"), (2, "Lower backup.jobs")])
def test_a_server_without_connections_to_spare_fails_the_backup_and_says_how_to_need_fewer(
    scene: Scene, allowed: int, remedy: str
) -> None:
    role = f"reader_{scene.database}"
    execute(
        scene.server.url(),
        f"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT {allowed}",
        f"GRANT pg_read_all_data TO {role}",
    )
    url = scene.server.url(scene.database, user=role, password="few")
    try:
        with pytest.raises((DatabaseError, DumpFailed), match="too many connections for role") as refused:
            backed_up(scene.target(jobs=2, globals=False), url, scene.store, scene.programs.folder)
    finally:
        execute(scene.server.url(), f"DROP ROLE {role}")
    assert remedy in refused.value.remedy
    assert scene.objects() == []
    scene.expect_no_process_and_no_session()


def test_a_lock_that_is_released_in_time_only_delays_the_backup(scene: Scene) -> None:
    with psycopg.connect(scene.url) as migration:
        migration.execute("LOCK TABLE visitors IN ACCESS EXCLUSIVE MODE")
        job = scene.start(lock_wait_timeout="1m")
        job.wait_until(lambda: any(name == "relation" for _, _, name, _ in scene.sessions()), "somebody waits")
        migration.rollback()
    assert job.finish().report["rows"] == 57000


def test_a_table_that_takes_too_long_to_read_fails_the_backup_and_is_named(scene: Scene, slow_line: Relay) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    outcome = scene.start(port=slow_line.port, statement_timeout="5s").finish()  # of twelve
    assert outcome.status == 3
    assert "public.films took longer than backup.statement_timeout" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


@pytest.mark.parametrize("change", ["DROP TABLE tickets", "ALTER TABLE tickets ADD COLUMN row text DEFAULT 'x'"])
def test_a_migration_that_starts_in_the_middle_waits_for_the_backup_and_does_not_break_it(
    scene: Scene, slow_line: Relay, change: str
) -> None:
    with in_the_middle(scene, slow_line) as job, psycopg.connect(scene.url, autocommit=True) as migration:
        migration.execute("SET lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migration.execute(change.encode())
    assert job.finish().report["rows"] == 57000


def test_a_migration_that_waits_in_line_for_the_backup_fails_it_in_a_sentence_and_then_goes_on(scene: Scene) -> None:
    """pg_dump's workers do not wait behind who waits for pg_dump: that would be for ever."""
    execute(
        scene.url, "CREATE TABLE posters AS SELECT * FROM films", "ANALYZE"
    )  # each worker is held at one of the two
    good = scene.back_up(ago=YESTERDAY)
    good_keys = scene.objects()
    scene.hold_parts()
    job = scene.start()
    job.wait_until_paused()
    with ThreadPoolExecutor(1) as pool:
        migration = pool.submit(execute, scene.url, "ALTER TABLE tickets ADD COLUMN row text")
        job.wait_until(lambda: any(name == "relation" for _, _, name, _ in scene.sessions()), "the migration waits")
        scene.proxy.release()
        outcome = job.finish()
        migration.result()
    assert outcome.status == 3
    assert "tickets" in outcome.error
    assert "migration" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)
