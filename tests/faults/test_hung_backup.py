"""Promise: a backup that hangs is found out and ended, says at what it hung, and the next one is made."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.relay import Relay
from tests.backups import execute
from tests.faults.hostile_s3 import Mischief
from tests.faults.job import wait_until
from tests.faults.scene import Scene, address_of
from tests.faults.spooled import bytes_written
from tests.processes import command_line

_SLEEPS = "sleep\x00290"
HUNG = "has neither written nor done anything for 3.0s"


@pytest.mark.parametrize("options", [{}, {"jobs": 4, "split_above": "1MiB"}], ids=["pg_dump", "several readers"])
def test_a_server_that_never_answers_again_ends_it_and_names_the_tables(
    scene: Scene, slow_line: Relay, options: dict[str, Any]
) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = scene.start(port=slow_line.port, max_silence="3s", **options)
    job.wait_until(lambda: bytes_written(scene.spool, ".dat.zst") > 200_000, "tables are being read")
    slow_line.swallows = True
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert f"{HUNG} while it read public." in outcome.error
    assert "backup.max_silence" in outcome.error
    wait_until(lambda: not job.offspring(), "every process of the job has ended")
    slow_line.cut()  # the server learns that nobody is there
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_server_that_never_answers_before_the_first_table_ends_it_too(scene: Scene) -> None:
    with Relay(*address_of(scene.server)) as line:
        scene.proxy.misbehave(Mischief.HOLD, times=1, when=lambda request: request.path.endswith("started.json"))
        job = scene.start(port=line.port, max_silence="3s", lock_wait_timeout="1s", globals=False)
        job.wait_until(scene.proxy.holding.is_set, "it has asked the server all it wants to know, and claims its id")
        line.swallows = True
        scene.proxy.release()
        outcome = job.finish()
    assert outcome.status == 3, outcome
    assert "pg_dump" in outcome.error
    scene.expect_no_process_and_no_session()
    assert scene.objects() == []


def test_the_dump_of_the_roles_that_hangs_beside_it_is_ended_with_it(
    scene: Scene, slow_line: Relay, tmp_path: Path
) -> None:
    for program in scene.programs.folder.iterdir():
        (tmp_path / program.name).symlink_to(program)
    hangs = tmp_path / "pg_dumpall"
    hangs.unlink()
    hangs.write_text("#!/bin/sh\nsleep 290\n")
    hangs.chmod(0o755)
    scene.programs.folder = tmp_path
    job = scene.start(port=slow_line.port, max_silence="3s")
    job.wait_until_reading()
    sleeping = job.wait_until(lambda: [pid for pid in job.descendants() if _SLEEPS in command_line(pid)], "it hangs")
    slow_line.swallows = True
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert HUNG in outcome.error
    assert not any(_SLEEPS in command_line(pid) for pid in sleeping)
    assert scene.manifests() == []


def test_pg_dump_that_somebody_has_stopped_is_ended(scene: Scene, slow_line: Relay) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    job = scene.start(port=slow_line.port, max_silence="3s")
    job.wait_until_reading()
    for pid in (job.program, *job.workers):
        os.kill(pid, signal.SIGSTOP)
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert HUNG in outcome.error
    scene.expect_only(good, good_keys)


def test_a_store_that_makes_pg_dump_wait_for_longer_than_that_is_no_silence(scene: Scene) -> None:
    scene.hold_parts()
    job = scene.start(max_silence="3s")
    job.wait_until_paused()
    execute(scene.url, "SELECT pg_sleep(5)")
    assert job.process.poll() is None
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000
