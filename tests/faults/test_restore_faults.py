"""Promise: whatever breaks while a backup is loaded, it is loaded right or not at all, and what broke is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.relay import Relay
from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.record import RestoreState
from demo import ports
from demo.postgres import SUPERUSER, EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import execute
from tests.faults.hostile_s3 import Mischief
from tests.faults.job import Job
from tests.faults.restore_scene import VISITORS, Kiosk, RestoreScene, restore_stage
from tests.faults.scene import address_of
from tests.faults.small_disk import SmallDiskPostgres
from tests.faults.spooled import bytes_on_disk
from tests.faults.test_dump_server import crash


def test_a_line_to_the_server_that_is_cut_fails_it_and_leaves_no_database(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    scene.restoring.plan()
    scene.hold_rows_of("visitors")
    with Relay(*address_of(scene.server)) as relay:
        job = scene.start("load", port=relay.port)
        scene.wait_until_half_loaded(job)
        relay.cut()
        scene.proxy.release()
        outcome = job.finish()
    assert outcome.status == 3, outcome
    assert "pg_restore" in outcome.error
    assert "the server's log" in outcome.error
    scene.expect_nothing_new()
    assert scene.record().state is RestoreState.LOADING


def test_a_server_that_is_restarted_fails_it_and_leaves_no_database(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    scene.restoring.plan()
    scene.hold_rows_of("visitors")
    job = scene.start("load")
    scene.wait_until_half_loaded(job)
    crash(scene.server)
    scene.proxy.release()
    scene.server.start()
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert "pg_restore" in outcome.error
    assert "server" in outcome.error
    scene.expect_nothing_new()


@pytest.mark.parametrize("mischief", [Mischief.SLOW_DOWN, Mischief.CUT_ANSWER, Mischief.LOSE_ANSWER])
def test_a_store_that_recovers_only_delays_it(restore_scene: RestoreScene, mischief: Mischief) -> None:
    scene = restore_scene
    plan = scene.restoring.plan()
    scene.proxy.misbehave(mischief, times=2, when=lambda request: "manifest.json" in request.path)
    scene.proxy.misbehave(mischief, times=2, when=scene.reads("visitors"))
    outcome = scene.start("load", "verify").finish()
    assert outcome.status == 0, outcome
    assert scene.proxy.spoiled == [mischief] * 4
    assert scene.visitors(plan.database) == VISITORS


def go_away(scene: RestoreScene, job: Job) -> None:
    scene.wait_until_half_loaded(job)
    scene.proxy.go_away()


def do_nothing(scene: RestoreScene, job: Job) -> None:
    """What was told to the proxy is enough."""


@dataclass(frozen=True)
class Break:
    """What the store does to the rows of one table, what happens then, and what is said of it."""

    mischief: Mischief
    then: Callable[[RestoreScene, Job], None]
    said: str


BREAKS = {
    "it is gone": Break(Mischief.HOLD, go_away, "cannot be reached"),
    "it stays overloaded": Break(Mischief.SLOW_DOWN, do_nothing, "it is overloaded"),
    "it never sends all of it": Break(Mischief.CUT_ANSWER, do_nothing, "visitors' file"),
    "it sends a flipped bit": Break(Mischief.DAMAGE_ANSWER, do_nothing, "damaged"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_store_that_does_not_give_what_was_stored_fails_it_and_leaves_no_database(
    restore_scene: RestoreScene, what: str
) -> None:
    scene, broken = restore_scene, BREAKS[what]
    scene.restoring.plan()
    scene.proxy.misbehave(broken.mischief, when=scene.reads("visitors"))
    job = scene.start("load")
    broken.then(scene, job)
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert broken.said.replace("visitors' file", scene.file_of("visitors")) in outcome.error
    scene.expect_nothing_new()


@pytest.fixture
def small_disk(kiosk: Kiosk, tmp_path: Path) -> Iterator[SmallDiskPostgres]:
    """A server with a role as the other has it, which may put databases on the small disk."""
    server = SmallDiskPostgres(tmp_path / "small", port=ports.choose_port(offsets=(0,)), settings={"fsync": "off"})
    try:
        server.start()
        server.create_role(kiosk.owner, kiosk.password, create_databases=True)
        execute(
            server.url(),
            f"CREATE TABLESPACE small LOCATION '{server.disk}'",
            f"GRANT CREATE ON TABLESPACE small TO {kiosk.owner}",
        )
        yield server
    finally:
        server.destroy()


def test_a_server_whose_disk_is_full_is_called_so_and_has_its_space_back(
    small_disk: SmallDiskPostgres, s3_server: SeaweedS3, kiosk: Kiosk, tmp_path: Path
) -> None:
    fill = "CREATE TABLE visitors AS SELECT n AS id, 'visitor' AS name FROM generate_series(1, 3000) n"
    with restore_stage(small_disk, s3_server, kiosk, tmp_path, create="TABLESPACE small", fill=fill) as scene:
        scene.restoring.plan()
        scene.hold_rows_of("visitors")
        job = scene.start("load")
        scene.wait_until_half_loaded(job)
        execute(small_disk.url(), "CHECKPOINT")  # what PostgreSQL copies of its template takes no room before that
        small_disk.fill_up(left=65536)
        scene.proxy.release()
        outcome = job.finish()
        assert outcome.status == 3, outcome
        assert "No space left on device" in outcome.error
        assert "Free space on the database server" in outcome.error
        scene.expect_nothing_new()


@dataclass(frozen=True)
class Measured:
    """Bytes in the store, and the most that were on the worker's disk and in the job's memory."""

    stored: int
    disk: int
    memory: int


def test_neither_memory_nor_disk_grows_with_the_largest_table(
    postgres_server: EmbeddedPostgres, s3_server: SeaweedS3, bucket_name: str, cinema: str, tmp_path: Path
) -> None:
    owner = Kiosk(SUPERUSER, postgres_server.password, bucket_name, BackupId("20260101T000000Z"))
    create = f"TEMPLATE {cinema} STRATEGY file_copy"
    with restore_stage(postgres_server, s3_server, owner, tmp_path, create=create) as scene:
        small = measured(scene)
        scene.restoring.tell("INSERT INTO films SELECT * FROM films UNION ALL SELECT * FROM films")
        large = measured(scene)
    assert small.stored > 30_000_000
    assert large.stored > 2.9 * small.stored
    assert 0 < large.disk < 1_000_000
    assert large.disk <= small.disk + 10_000
    assert large.memory < small.memory + 20_000_000


def measured(scene: RestoreScene) -> Measured:
    """Back the live database up and load it beside itself."""
    restoring = scene.another_run()
    archive = restoring.loader.back_up(restoring.url)
    restoring.plan(backup=archive.manifest.backup_id)
    job = scene.start("load", restoring=restoring)
    disk = 0
    while job.process.poll() is None:
        disk = max(disk, bytes_on_disk(scene.spool))
        time.sleep(0.01)
    outcome = job.finish()
    assert outcome.status == 0, outcome
    scene.server.drop_database(outcome.report["record"]["database"])
    return Measured(archive.manifest.stored_bytes, disk, outcome.report["memory"])
