"""Promise: an encrypted backup waits, stops and dies as one in clear does, and leaves neither kind of file behind."""

from __future__ import annotations

import signal

import pytest

from benchmarks.relay import Relay
from dbops.gateways.age import Identities
from tests import age_program
from tests.age_program import AgeKey
from tests.backups import execute, folder_of
from tests.faults.job import Job
from tests.faults.scene import Scene

CAP = 16 * 1024**2


@pytest.fixture
def key(scene: Scene) -> AgeKey:
    """The key for which the scene's backups are encrypted."""
    made = age_program.new_key()
    scene.recipients = (made.public,)
    return made


@pytest.fixture
def paused(scene: Scene, key: AgeKey, slow_line: Relay) -> Job:
    """A backup whose pg_dump is paused, because the store takes nothing."""
    scene.hold_parts()
    # Slow, so that what comes between two looks at the spool is little, on a machine with much to do as well.
    job = scene.start(port=slow_line.port)
    job.wait_until_paused()
    slow_line.bytes_per_second = None
    return job


def test_what_waits_encrypted_and_in_clear_counts_against_one_cap_and_all_of_it_arrives(
    scene: Scene, key: AgeKey, paused: Job
) -> None:
    files = [path for path in scene.spool.glob("*/*") if path.is_file()]
    assert {path.suffix for path in files} == {".zst", ".age"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*files, *scene.spool.iterdir()) if path.suffix != ".zst")
    assert sum(path.stat().st_blocks * 512 for path in files) <= CAP + 1024**2
    scene.proxy.release()
    outcome = paused.finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000
    folder = outcome.report["location"].removeprefix(f"s3://{scene.bucket}/")
    keys = Identities.read({"key": key.secret})
    names = [name.removeprefix(folder) for name in scene.objects() if name.startswith(folder)]
    encrypted = [name for name in names if name.endswith(".age")]
    assert sorted(set(names) - set(encrypted)) == ["manifest.json", "started.json"]
    for name in encrypted:
        keys.decrypt_bytes(scene.client.get_object(Bucket=scene.bucket, Key=folder + name)["Body"].read())
    assert list(scene.spool.iterdir()) == []


def test_one_that_is_killed_leaves_no_manifest_and_the_next_one_removes_both_spools(scene: Scene, paused: Job) -> None:
    good = scene.good_backup()
    good_keys = scene.objects(good)
    assert paused.kill().status == -signal.SIGKILL
    scene.expect_no_process_and_no_session()
    scene.proxy.release()
    assert len(list(scene.spool.iterdir())) == 2
    assert scene.manifests() == [f"{folder_of(good, scene.bucket)}manifest.json"]
    scene.expect_recovery(good, good_keys)


def test_one_that_is_asked_to_stop_leaves_nothing(scene: Scene, paused: Job) -> None:
    good = scene.good_backup()
    good_keys = scene.objects(good)
    paused.process.send_signal(signal.SIGTERM)
    scene.proxy.release()
    assert paused.finish().status == 128 + signal.SIGTERM
    scene.expect_only(good, good_keys)


@pytest.mark.usefixtures("key")
def test_parts_that_only_more_rows_can_fill_never_pause_it_for_good(scene: Scene) -> None:
    """Two of them, of 5 MiB each, are more than the spool may hold before pg_dump is paused."""
    execute(scene.url, "CREATE TABLE trailers AS SELECT * FROM films", "ANALYZE")
    outcome = scene.start(spool_cap="6MiB", max_stall="5s").finish()
    assert outcome.status == 0, outcome
    assert outcome.report["rows"] == 57000 + 45000
