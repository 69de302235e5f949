"""Promise: a store that fails for a while delays a backup; one that fails for good fails it, in a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.faults.dying import Nursery
from tests.faults.hostile_s3 import Mischief, SeenRequest
from tests.faults.job import PATIENCE, wait_until
from tests.faults.scene import Scene
from tests.faults.spooled import bytes_on_disk


def is_manifest(request: SeenRequest) -> bool:
    return request.method == "PUT" and request.path.endswith("manifest.json")


def is_small_file(request: SeenRequest) -> bool:
    return request.method == "PUT" and not request.is_part and ".dat" in request.path


def is_of_an_upload(request: SeenRequest) -> bool:
    return request.is_part or request.is_completion or "uploads" in request.query


WHILE: dict[str, Callable[[SeenRequest], bool]] = {
    "uploading parts": lambda request: request.is_part,
    "completing an upload": lambda request: request.is_completion,
    "beginning an upload": lambda request: request.method == "POST" and "uploads" in request.query,
    "storing small files": is_small_file,
    "writing the manifest": is_manifest,
    "claiming the id": lambda request: request.method == "PUT" and request.path.endswith("started.json"),
    "listing": lambda request: request.method == "GET",
}


@pytest.mark.parametrize("mischief", [Mischief.SLOW_DOWN, Mischief.LOSE_ANSWER])
@pytest.mark.parametrize("when", WHILE.values(), ids=WHILE.keys())
def test_a_store_that_fails_twice_and_recovers_only_delays_the_backup(
    small_scene: Scene, births: Nursery, when: Callable[[SeenRequest], bool], mischief: Mischief
) -> None:
    scene = small_scene
    scene.proxy.misbehave(mischief, times=2, when=when)
    outcome = scene.run(births)
    assert outcome.status == 0, outcome
    assert scene.proxy.spoiled == [mischief] * 2
    assert outcome.report["rows"] == scene.premiere.report.rows
    assert len(scene.manifests()) == 1
    scene.expect_no_process_and_no_session()
    assert scene.uploads() == []
    assert list(scene.spool.iterdir()) == []


@pytest.mark.parametrize("when", WHILE.values(), ids=WHILE.keys())
def test_a_store_that_keeps_failing_fails_the_backup_in_a_sentence(
    small_scene: Scene, births: Nursery, when: Callable[[SeenRequest], bool]
) -> None:
    scene = small_scene
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.proxy.misbehave(Mischief.SLOW_DOWN, when=when)
    outcome = scene.run(births)
    assert outcome.status == 3
    assert scene.bucket in outcome.error
    assert outcome.report["remedy"]
    scene.expect_no_process_and_no_session()
    assert len(scene.manifests()) == 1
    assert list(scene.spool.iterdir()) == []
    scene.expect_recovery(good, good_keys)


def test_a_store_that_is_gone_for_good_fails_the_backup_within_its_attempts(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.hold_parts()
    job = scene.start()
    job.wait_until_paused()
    scene.proxy.go_away()
    began = time.monotonic()
    outcome = job.finish()
    assert outcome.status == 3
    assert scene.bucket in outcome.error
    assert time.monotonic() - began < PATIENCE
    scene.expect_no_process_and_no_session()
    assert len(scene.manifests()) == 1
    assert list(scene.spool.iterdir()) == []
    scene.expect_recovery(good, good_keys)


def test_credentials_that_expire_in_the_middle_are_called_so_at_once_and_the_next_backup_succeeds(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.proxy.misbehave(Mischief.HOLD, times=1, when=lambda request: request.is_part)
    job = scene.start()
    job.wait_until(scene.proxy.holding.is_set, "a part is on its way")
    scene.proxy.misbehave(Mischief.EXPIRE)
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3, outcome
    assert "the session token has expired" in outcome.error
    assert "Renew it, or use credentials that renew themselves." in outcome.error
    scene.expect_no_process_and_no_session()
    assert len(scene.manifests()) == 1
    scene.expect_recovery(good, good_keys)


def test_a_store_that_was_never_there_fails_the_backup_before_pg_dump_starts(
    small_scene: Scene, births: Nursery
) -> None:
    scene = small_scene
    scene.proxy.go_away()
    outcome = scene.run(births)
    assert outcome.status == 3
    assert scene.bucket in outcome.error
    assert outcome.report["remedy"]
    scene.expect_no_process_and_no_session()
    assert list(scene.spool.iterdir()) == []


def test_a_store_that_takes_nothing_fails_the_backup_when_pg_dump_was_paused_for_max_stall(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.hold_parts()
    job = scene.start(max_stall="2s", s3={"read_timeout": "5s"})
    outcome = job.finish()
    assert outcome.status == 3
    assert "The store accepted nothing, or too little, for 2.0s" in outcome.error
    assert "backup.max_stall" in outcome.error
    scene.proxy.release()
    scene.expect_only(good, good_keys)
    scene.expect_recovery(good, good_keys)


def test_a_bucket_that_is_not_there_is_named(small_scene: Scene, births: Nursery) -> None:
    scene = small_scene
    scene.client.delete_bucket(Bucket=scene.bucket)
    outcome = scene.run(births)
    scene.store.create_bucket(scene.bucket)
    assert outcome.status == 3
    assert scene.bucket in outcome.error
    assert "no such bucket" in outcome.error


def test_a_manifest_that_somebody_else_wrote_is_never_overwritten(small_scene: Scene) -> None:
    scene = small_scene
    scene.proxy.misbehave(Mischief.HOLD, times=1, when=is_manifest)
    job = scene.start()
    job.wait_until(scene.proxy.holding.is_set, "the manifest is about to be written")
    folder = next(key for key in scene.objects() if key.endswith("started.json")).removesuffix("started.json")
    scene.client.put_object(Bucket=scene.bucket, Key=f"{folder}manifest.json", Body=b"somebody else's")
    scene.proxy.release()
    outcome = job.finish()
    assert outcome.status == 3
    assert "manifest.json" in outcome.error


def test_a_slow_store_makes_pg_dump_wait_and_the_spool_stay_below_its_cap(scene: Scene) -> None:
    scene.proxy.delay = 0.5
    cap = 64 * 1024**2
    job = scene.start(spool_cap="64MiB", jobs=2)
    peak = 0
    paused = False

    def over() -> bool:
        nonlocal peak, paused
        peak = max(peak, bytes_on_disk(scene.spool))
        return job.process.poll() is not None

    wait_until(over, "the backup ends")
    assert job.finish().report["rows"] == 57000
    assert 0 < peak <= cap
