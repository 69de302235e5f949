"""Promise: what a bucket holds of a target is judged by the target's own days, and a doubt never deletes."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.retention import RetentionPolicy
from tests.unit.samples import DAY, NOW, manifest, verification

POLICY = RetentionPolicy(last=0, daily=2, weekly=0, monthly=0, yearly=0, minimum_redundancy=1)
OLDER, NEWER = "20261120T233000Z", "20261121T020000Z"


def kept(catalog: Catalog, zone: str) -> list[BackupId]:
    return sorted(catalog.plan_retention(POLICY, NOW, ZoneInfo(zone)).keep)


def test_the_days_of_a_targets_backups_are_those_of_its_zone() -> None:
    """At half past eleven in the evening of UTC it is the next day in Vienna already."""
    catalog = Catalog("shop", tuple(CatalogEntry(manifest(text)) for text in (OLDER, NEWER)))

    assert kept(catalog, "UTC") == [OLDER, NEWER]
    assert kept(catalog, "Europe/Vienna") == [NEWER]


def test_a_backup_that_failed_stays_by_when_the_store_was_given_the_verdict() -> None:
    late = replace(verification(BackupId(OLDER), ok=False), finished=NOW - 90 * DAY)
    for judged_at, stays in ((NOW - 8 * DAY, False), (NOW - 6 * DAY, True)):
        failed = CatalogEntry(manifest(OLDER), verified=False, verification=late, judged_at=judged_at)
        assert failed.failed_at == judged_at
        assert (OLDER in kept(Catalog("shop", (failed, CatalogEntry(manifest(NEWER)))), "UTC")) is stays


def test_a_backup_whose_verdict_cannot_be_read_is_never_let_go() -> None:
    entries = (CatalogEntry(manifest(OLDER), is_doubtful=True), CatalogEntry(manifest(NEWER)))

    assert kept(Catalog("shop", entries), "Europe/Vienna") == [OLDER, NEWER]
