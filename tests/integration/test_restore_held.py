"""Promise: what is being restored is not expired under the restore, whatever retention says."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.expire_report import ExpireReport
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import PROVEN, RetentionPolicy
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.target import Target
from dbops.errors import PlanChanged
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.restores import put_restore
from dbops.gateways.store.verifications import put_verification
from dbops.jobs.backups.expire import expire
from dbops.jobs.restores import restore_run
from tests.backups import execute
from tests.clock import now
from tests.drills import Ground
from tests.loading import SHOP
from tests.restoring import Restoring
from tests.unit.samples import verification

ONLY_THE_NEWEST = RetentionPolicy(last=1, daily=0, weekly=0, monthly=0, yearly=0, minimum_redundancy=1)


def expired(restoring: Restoring) -> ExpireReport:
    """What a backup's expire does meanwhile."""
    target = restoring.target.model_copy(update={"retention": ONLY_THE_NEWEST})
    return expire(target, restoring.loader.bucket, clock=now)


def prove(bucket: S3Bucket, target: Target, backup_id: BackupId) -> None:
    """Let a drill of that backup have been good."""
    put_verification(bucket, target, verification(backup_id, of=target.name))


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_a_backup_that_retention_lets_go_is_kept_until_its_restore_is_at_its_end(
    restoring: Restoring, mode: str
) -> None:
    old = restoring.loader.backup_id
    restoring.loader.back_up(restoring.url)
    newer = restoring.loader.backup_id
    restoring.plan(mode=mode, backup=old)
    steps = [restoring.load, restoring.analyze, restoring.verify, *([restoring.swap] if mode == "swap" else [])]

    for step in steps:
        report = expired(restoring)
        assert report.expired == {}
        assert f"its restore in the run {restoring.run} has not ended" in " ".join(report.kept[old])
        step()

    assert expired(restoring).kept[old] == (PROVEN,)
    prove(restoring.loader.bucket, restoring.target, newer)
    assert list(expired(restoring).expired) == [old]
    assert restoring.report().record.state is (RestoreState.SWAPPED if mode == "swap" else RestoreState.VERIFIED)


def test_a_backup_that_retention_lets_go_is_kept_while_it_is_drilled(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    old = ground.loader.backup_id
    ground.loader.back_up(empty_database)
    newer = ground.loader.backup_id
    target = ground.target.model_copy(update={"retention": ONLY_THE_NEWEST})
    reports: list[ExpireReport] = []
    ground.disturb(lambda: reports.append(expire(target, ground.loader.bucket, clock=now)))

    proof = ground.drill(run="by hand", backup_id=old).verification

    assert proof is not None
    assert proof.ok
    assert reports[0].expired == {}
    assert "its drill in the run by hand has not ended" in " ".join(reports[0].kept[old])
    assert expire(target, ground.loader.bucket, clock=now).kept[old] == (PROVEN,)
    prove(ground.loader.bucket, target, newer)
    assert list(expire(target, ground.loader.bucket, clock=now).expired) == [old]


def test_what_expired_while_it_was_planned_is_said_before_anything_is_made(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The expire has looked just before the record was there."""

    def too_late(bucket: Any, target: Any, record: RestoreRecord) -> RestoreRecord:
        bucket.delete(Layout(target.root).manifest(BackupId(record.backup_id)))
        return put_restore(bucket, target, record)

    monkeypatch.setattr(restore_run, "put_restore", too_late)

    with restoring.refusing(PlanChanged, f"Backup {restoring.loader.backup_id} expired while its restore"):
        restoring.plan()
