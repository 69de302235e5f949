"""Promise: two Airflows that point at one bucket, and do not know of each other, lose nothing and spoil nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.target import Target
from dbops.errors import PreflightFailed
from dbops.gateways.store.catalogs import read_catalog
from dbops.jobs.backups.expire import expire
from tests.backups import opened
from tests.faults.scene import Scene
from tests.unit.samples import manifest, store_backup

MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize("ahead", [9 * MINUTES, -9 * MINUTES], ids=["ahead", "behind"])
def test_a_backup_is_refused_beside_another_one_also_where_its_clock_goes_wrong(scene: Scene, ahead: timedelta) -> None:
    """Its store refuses a clock that is wrong by a quarter of an hour; until then it is dbops that has to notice."""
    scene.hold_parts()
    first = scene.start()
    first.wait_until_paused()
    uploads = first.wait_until(scene.uploads, "its upload has begun")

    with pytest.raises(PreflightFailed, match="Another backup of vault is running"):
        scene.back_up(ago=-ahead)

    assert scene.uploads() == uploads
    scene.proxy.release()
    outcome = first.finish()
    assert outcome.status == 0, outcome
    assert len([key for key in scene.objects() if key.endswith("started.json")]) == len(scene.manifests()) == 1


def test_an_expire_beside_a_running_backup_leaves_it_alone_and_keeps_what_is_good(scene: Scene) -> None:
    good = scene.good_backup()
    good_keys = scene.objects()
    scene.hold_parts()
    first = scene.start()
    first.wait_until_paused()
    wanted = scene.target()
    with opened(wanted, scene.store) as bucket:
        report = expire(wanted, bucket, clock=lambda: datetime.now(UTC) + 9 * MINUTES)
    assert (report.expired, report.swept, report.aborted_uploads) == ({}, {}, ())
    scene.proxy.release()
    assert first.finish().report["rows"] == 57000
    assert scene.objects(good) == good_keys


def test_two_expires_at_once_keep_exactly_what_one_of_them_keeps(scene: Scene) -> None:
    spared = {"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
    wanted = scene.target()
    wanted = wanted.model_copy(update={"retention": wanted.retention.model_copy(update=spared)})
    with opened(wanted, scene.store) as bucket:
        for day in range(12):
            store_backup(bucket, scene.layout, manifest(datetime.now(UTC) - timedelta(days=day), of=wanted.name))
        newest = [entry.backup_id for entry in read_catalog(bucket, wanted).entries[-2:]]

        with ThreadPoolExecutor(2) as airflows:
            reports = list(airflows.map(lambda minutes: expired(scene, wanted, minutes), (0, 9)))

        left = read_catalog(bucket, wanted)
    assert [entry.backup_id for entry in left.entries] == newest
    assert left.leftovers == ()
    assert [sorted(kept) for kept in reports] == [newest] * 2


def expired(scene: Scene, wanted: Target, minutes: int) -> list[str]:
    """What an expire keeps whose clock is wrong by so many minutes."""
    with opened(wanted, scene.store) as bucket:
        return list(expire(wanted, bucket, clock=lambda: datetime.now(UTC) + minutes * MINUTES).kept)
