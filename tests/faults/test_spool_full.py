"""Promise: a spool disk that is full, too small or not there is called by its name, and nothing is left on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.relay import Relay
from tests.faults.hostile_s3 import Mischief
from tests.faults.job import Job
from tests.faults.scene import Scene

SIZE = 40 * 1024**2
RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

encrypted_or_not = pytest.mark.parametrize("recipients", [(), (RECIPIENT,)], ids=["clear", "encrypted"])


@pytest.fixture
def small_disk(scene: Scene) -> list[str]:
    """What starts a job that has its spool on a disk of its own, of 40 MiB, which ends with the job.

    Ordinary users may mount one in a user namespace of their own.
    """
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    script = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'
    return [*namespace, "sh", "-c", script, str(scene.spool)]


def disk_of(job: Job) -> Path:
    """The job's own disk, seen from here."""
    return Path(f"/proc/{job.process.pid}/root{job.spool}")


@encrypted_or_not
def test_a_disk_that_fills_up_fails_the_backup_in_a_sentence(
    scene: Scene, small_disk: list[str], recipients: tuple[str, ...]
) -> None:
    scene.recipients = recipients
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.proxy.misbehave(
        Mischief.HOLD, times=1, when=lambda request: request.method == "PUT" and request.path.endswith("started.json")
    )
    job = scene.start(wrapper=small_disk)
    job.wait_until(scene.proxy.holding.is_set, "the job has seen that there is room, and claims its id")
    with (disk_of(job) / "somebody else's").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, SIZE - 3 * 1024**2)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3
    assert f"The disk below the spool directory {scene.spool} is full" in outcome.error
    assert "backup.spool" in outcome.error
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_disk_without_room_for_the_cap_is_refused_before_pg_dump_starts(scene: Scene, small_disk: list[str]) -> None:
    outcome = scene.start(wrapper=small_disk, spool_cap="64MiB").finish()
    assert outcome.status == 3
    assert "less than backup.spool_cap, 64.0 MiB" in outcome.error
    assert scene.objects() == []


@encrypted_or_not
def test_a_disk_just_large_enough_serves(
    scene: Scene, small_disk: list[str], recipients: tuple[str, ...], slow_line: Relay
) -> None:
    scene.recipients = recipients
    scene.hold_parts()
    # Slow, so that what comes between two looks at the spool is little, on a machine with much to do as well.
    job = scene.start(wrapper=small_disk, spool_cap="38MiB", port=slow_line.port, s3={"read_timeout": "2m"})
    job.wait_until_paused()
    scene.proxy.release()
    slow_line.bytes_per_second = None
    outcome = job.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000


def test_a_spool_directory_that_is_not_there_is_named(scene: Scene) -> None:
    outcome = scene.start(spool=str(scene.place / "nowhere")).finish()
    assert outcome.status == 3
    assert f"No spool directory can be made in {scene.place / 'nowhere'}" in outcome.error
    assert scene.objects() == []
