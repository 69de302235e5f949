"""Promise: people are shown that retention keeps what expire keeps, and nothing that is held is among the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.retention import Hold, RetentionPolicy
from dbops.domain.views.backup_listing import BackupListing
from tests.unit.page_samples import backup
from tests.unit.samples import DAY, NOW

LAST = RetentionPolicy(last=1, daily=0, weekly=0, monthly=0, yearly=0, minimum_redundancy=1, keep_failed=timedelta(0))
ZONE = ZoneInfo("UTC")


def hold(backup_id: BackupId, why: str) -> Hold:
    return Hold(backup_id, NOW + DAY, why, "alice")


def test_a_hold_keeps_a_backup_whoever_put_it_there() -> None:
    held, restored, old, new = (backup(days * DAY) for days in (9, 8, 7, 1))
    held = backup(9 * DAY, hold=hold(held.backup_id, "an audit"))
    listing = BackupListing(
        "shop", (held, restored, old, new), working_holds=(hold(restored.backup_id, "its restore goes on"),)
    )

    plan = listing.plan_retention(LAST, NOW, ZONE)

    assert list(plan.expire) == [old.backup_id]
    assert "an audit" in plan.keep[held.backup_id][0]
    assert "its restore goes on" in plan.keep[restored.backup_id][0]
    assert plan.at == NOW


def test_one_that_failed_its_verification_does_not_count_and_one_in_doubt_stays() -> None:
    doubtful = backup(9 * DAY, is_doubtful=True)
    good, bad = backup(8 * DAY), backup(DAY, verified=False, failed_at=NOW)

    plan = BackupListing("shop", (doubtful, good, bad)).plan_retention(LAST, NOW, ZONE)

    assert set(plan.keep) == {doubtful.backup_id, good.backup_id, bad.backup_id}
    assert "no newer good backup" in plan.keep[bad.backup_id][0]


def test_days_are_counted_in_the_zone_of_the_target() -> None:
    evening, night = (backup(NOW - datetime(2026, 11, 21, hour, 30, tzinfo=UTC)) for hour in (22, 23))
    daily = RetentionPolicy(last=0, daily=9, weekly=0, monthly=0, yearly=0, minimum_redundancy=1)
    listing = BackupListing("shop", (evening, night))

    assert len(listing.plan_retention(daily, NOW, ZoneInfo("UTC")).keep) == 1
    assert len(listing.plan_retention(daily, NOW, ZoneInfo("Europe/Vienna")).keep) == 2
