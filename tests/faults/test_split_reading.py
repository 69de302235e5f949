"""Promise: a table that several connections read is as safe as one that pg_dump reads, whatever befalls them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from benchmarks.relay import Relay
from tests.backups import execute
from tests.faults.job import Job, wait_until
from tests.faults.scene import Scene
from tests.faults.spooled import bytes_on_disk
from tests.faults.test_dump_server import crash

SPLIT: dict[str, Any] = {"jobs": 4, "split_above": "1MiB"}
READERS = 3


@pytest.fixture
def start(scene: Scene, slow_line: Relay) -> Callable[[], Job]:
    """Starts a job and returns when all sessions read the table."""

    def start() -> Job:
        job = scene.start(port=slow_line.port, **SPLIT)
        job.wait_until(lambda: len(reading(scene)) == READERS, "three sessions read the table")
        return job

    return start


def reading(scene: Scene) -> list[int]:
    """The server's processes that read ranges of pages."""
    with psycopg.connect(scene.server.url()) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE 'COPY (SELECT%%'",
            [scene.database],
        ).fetchall()
    return [pid for (pid,) in rows]


def sessions(job: Job) -> list[int]:
    """The psql processes of a job."""
    return [pid for pid in job.offspring() if program(pid) == "psql"]


def program(pid: int) -> str:
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))  # noqa: PTH115, PTH119 - of a process that may end
    except OSError:
        return ""


def test_it_comes_out_whole(scene: Scene, start: Callable[[], Job], slow_line: Relay) -> None:
    job = start()
    slow_line.bytes_per_second = None
    outcome = job.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000
    scene.expect_no_process_and_no_session()
    assert list(scene.spool.iterdir()) == []


def test_a_job_that_is_killed_leaves_no_process_no_session_and_no_manifest(
    scene: Scene, start: Callable[[], Job]
) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    start().kill()
    scene.expect_no_process_and_no_session()
    assert len(scene.manifests()) == 1
    scene.expect_recovery(good, good_keys)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_asked_to_stop_cleans_up(scene: Scene, start: Callable[[], Job], number: signal.Signals) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    outcome = start().kill(number)
    assert outcome.status == 128 + number
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_one_session_that_is_killed_fails_the_backup_at_once(scene: Scene, start: Callable[[], Job]) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    os.kill(sessions(job)[0], signal.SIGKILL)
    outcome = job.finish(15)
    assert outcome.status == 3
    assert "psql, which reads a large table" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_one_session_that_an_administrator_terminates_fails_the_backup_with_the_servers_words(
    scene: Scene, start: Callable[[], Job]
) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    execute(scene.server.url(), f"SELECT pg_terminate_backend({reading(scene)[0]})")
    outcome = job.finish(15)
    assert outcome.status == 3
    assert "terminating connection due to administrator command" in outcome.error
    scene.expect_only(good, good_keys)


def test_a_server_that_is_restarted_fails_the_backup_and_not_the_next(scene: Scene, start: Callable[[], Job]) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    crash(scene.server)
    outcome = job.finish()
    scene.server.start()
    assert outcome.status == 3
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_store_that_takes_nothing_for_a_while_only_delays_it_and_the_spool_keeps_its_cap(scene: Scene) -> None:
    scene.hold_parts()
    job = scene.start(**SPLIT)
    job.wait_until(scene.proxy.holding.is_set, "the store holds a part")
    wait_until(lambda: stands_still(scene), "nothing more is written")
    assert bytes_on_disk(scene.spool, ".zst") < 16 * 1024**2
    assert len(sessions(job)) == READERS
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000


def test_a_store_that_takes_nothing_for_good_ends_it_with_a_sentence(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.hold_parts()
    job = scene.start(**SPLIT, max_stall="2s")
    outcome = job.finish()
    scene.proxy.release()
    assert outcome.status == 3
    assert "The store accepted nothing, or too little" in outcome.error
    scene.expect_no_process_and_no_session()
    scene.expect_recovery(good, good_keys)


def test_a_migration_that_came_first_fails_the_backup_in_time_and_names_the_remedy(scene: Scene) -> None:
    with psycopg.connect(scene.url) as migration:
        migration.execute("LOCK TABLE films IN ACCESS EXCLUSIVE MODE")
        outcome = scene.start(**SPLIT, lock_wait_timeout="1s").finish()
    assert outcome.status == 3
    assert "lock timeout" in outcome.error
    assert "migration" in outcome.error
    scene.expect_no_process_and_no_session()
    assert scene.objects() == []


def test_a_migration_that_comes_in_the_middle_waits_and_does_not_break_it(
    scene: Scene, start: Callable[[], Job], slow_line: Relay
) -> None:
    job = start()
    with ThreadPoolExecutor(1) as pool:
        migration = pool.submit(execute, scene.url, "TRUNCATE films")
        job.wait_until(lambda: any(name == "relation" for _, _, name, _ in scene.sessions()), "the migration waits")
        slow_line.bytes_per_second = None
        outcome = job.finish()
        migration.result()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000


def stands_still(scene: Scene) -> bool:
    before = bytes_on_disk(scene.spool, ".zst")
    time.sleep(1)
    return bytes_on_disk(scene.spool, ".zst") == before > 0
