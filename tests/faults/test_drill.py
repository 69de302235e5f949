"""Promise: whatever befalls a drill, nothing of it stays behind, and only the backup's own fault is held against it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.hostile_s3 import Mischief, SeenRequest
from tests.faults.job import Job, still_running, wait_until
from tests.faults.scene import Scene

DISK = 300 * 1024**2


@pytest.fixture
def loading(scene: Scene) -> Job:
    """A drill in the middle of the load: the store holds back what it asked for."""
    return load(scene)


def load(scene: Scene, wrapper: list[str] | None = None) -> Job:
    scene.good_backup()
    scene.proxy.misbehave(Mischief.HOLD, when=is_of_data)
    job = scene.start_drill(wrapper=wrapper)
    job.wait_until(scene.proxy.holding.is_set, "pg_restore asks for a table")
    return job


def is_of_data(request: SeenRequest) -> bool:
    return request.method == "GET" and request.path.partition("?")[0].endswith(".dat.zst")


def expect_a_good_drill(scene: Scene) -> None:
    """The next drill proves the backup, and nothing of it or of the one before is left."""
    scene.proxy.release()
    done = scene.start_drill().finish()
    assert done.status == 0, done
    assert len(scene.verdicts()) == 1
    assert list(scene.public.iterdir()) == []


def test_a_drill_that_is_killed_leaves_no_server_no_session_and_no_verdict(scene: Scene, loading: Job) -> None:
    relatives = loading.descendants()
    assert len(relatives) > 5

    assert loading.kill().status == -signal.SIGKILL

    wait_until(lambda: not still_running(relatives), "every process of the drill has ended", 20)
    assert scene.sessions() == []
    assert scene.verdicts() == []
    expect_a_good_drill(scene)


def test_a_drill_that_is_asked_to_stop_leaves_nothing_at_all(scene: Scene, loading: Job) -> None:
    relatives = loading.descendants()

    loading.process.send_signal(signal.SIGTERM)
    scene.proxy.release()  # what was asked of the store is still waited for
    assert loading.finish().status == 128 + signal.SIGTERM

    assert still_running(relatives) == []
    assert list(scene.public.iterdir()) == []
    assert scene.verdicts() == []
    expect_a_good_drill(scene)


def test_a_disk_that_fills_up_is_not_held_against_the_backup(scene: Scene) -> None:
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    script = f'mount -t tmpfs -o size={DISK} tmpfs "$0" && exec "$@"'
    job = load(scene, [*namespace, "sh", "-c", script, str(scene.public)])
    disk = Path(f"/proc/{job.process.pid}/root{scene.public}")
    fill_up(disk, left=2 * 1024**2)

    scene.proxy.release()
    done = job.finish()

    assert done.status == 3, done
    assert scene.verdicts() == []
    expect_a_good_drill(scene)


def fill_up(disk: Path, left: int) -> None:
    """Whatever the server writes meanwhile."""
    size = 0
    with (disk / "filling").open("wb") as file:
        with suppress(OSError):
            while True:
                os.posix_fallocate(file.fileno(), size, 1024**2)
                size += 1024**2
        file.truncate(size - left)


def test_bytes_that_are_damaged_on_their_way_are_not_held_against_the_backup(scene: Scene) -> None:
    scene.good_backup()
    scene.proxy.misbehave(Mischief.DAMAGE_ANSWER, times=1, when=is_of_data)

    done = scene.start_drill().finish()

    assert done.status == 3, done
    assert "arrives damaged, and differently on each read" in done.error
    assert scene.verdicts() == []
    expect_a_good_drill(scene)


def test_a_line_to_the_store_that_is_cut_is_not_held_against_the_backup(scene: Scene, loading: Job) -> None:
    scene.proxy.go_away()

    done = loading.finish(180)

    assert done.status == 3, done
    assert scene.verdicts() == []
    assert list(scene.public.iterdir()) == []
