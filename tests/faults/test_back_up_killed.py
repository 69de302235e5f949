"""Promise: whoever of a backup is killed, and whenever, nothing of it stays behind and the next one succeeds."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psycopg
import pytest

from benchmarks.relay import Relay
from tests.faults.job import Job, wait_until
from tests.faults.scene import Scene

Start = Callable[[], Job]


@pytest.fixture
def reading(scene: Scene, slow_line: Relay) -> Start:
    """Starts a job and returns when pg_dump reads tables."""

    def start() -> Job:
        job = scene.start(port=slow_line.port)
        job.wait_until_reading()
        return job

    return start


@pytest.fixture
def paused(scene: Scene) -> Start:
    """Starts a job and returns when pg_dump is paused, because the store takes nothing."""

    def start() -> Job:
        scene.hold_parts()
        job = scene.start()
        job.wait_until_paused()
        return job

    return start


@pytest.fixture(params=["reading", "paused"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts a job and returns when it has come that far."""
    chosen: Start = request.getfixturevalue(request.param)
    return chosen


def test_a_job_that_is_killed_leaves_no_process_no_session_and_no_manifest(scene: Scene, start: Start) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    assert job.kill().status == -signal.SIGKILL
    scene.expect_no_process_and_no_session()
    scene.proxy.release()
    left = set(scene.objects()) - set(good_keys)
    assert len(scene.manifests()) == 1
    assert [key for key in left if key.endswith("started.json")]
    scene.expect_recovery(good, good_keys)


def test_a_job_that_is_killed_while_pg_dump_waits_for_a_lock_leaves_nothing_running(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    with psycopg.connect(scene.url) as migration:
        migration.execute("LOCK TABLE visitors IN ACCESS EXCLUSIVE MODE")
        job = scene.start()
        job.wait_until(lambda: _waits_for_lock(scene), "pg_dump waits for the lock")
        job.kill()
        wait_until(lambda: not job.offspring(), "every process of the job has ended", 15)
        wait_until(lambda: len(scene.sessions()) == 1, "only the migration is connected", 15)
    scene.expect_recovery(good, good_keys)


def _waits_for_lock(scene: Scene) -> bool:
    return any(wait_event == "relation" for _, _, wait_event, _ in scene.sessions())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_job_that_is_asked_to_stop_cleans_up_and_says_so(scene: Scene, start: Start, number: signal.Signals) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    job.process.send_signal(number)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 128 + number
    assert "Stopped by" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_pg_dump_that_is_killed_fails_the_backup_in_a_sentence(scene: Scene, start: Start) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    os.kill(job.program, signal.SIGKILL)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3
    assert "pg_dump was ended by signal 9" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_worker_of_pg_dump_that_is_killed_fails_the_backup_in_a_sentence(scene: Scene, start: Start) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    os.kill(job.workers[0], signal.SIGKILL)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3
    assert "worker process died" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_the_guardian_that_is_killed_fails_the_backup_and_takes_pg_dump_along(scene: Scene, start: Start) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = start()
    os.kill(job.guardian, signal.SIGKILL)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3
    assert "pg_dump" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_second_backup_of_the_same_target_is_refused_and_does_not_disturb_the_first(scene: Scene) -> None:
    scene.hold_parts()
    first = scene.start()
    first.wait_until_paused()
    second = scene.start().finish()
    assert second.status == 3
    assert "Another backup of vault is running" in second.error
    scene.proxy.release()
    outcome = first.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000
    assert len(scene.manifests()) == 1
    scene.expect_no_process_and_no_session()
    assert scene.uploads() == []
