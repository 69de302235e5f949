"""A listing of many backups: as true as reading them all, and read in a few requests."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.target_index.target_index import IndexedBackup, TargetIndex
from dbops.domain.views.backup_listing import BackupListing
from dbops.gateways.store.backup_listings import read_listing
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.target_indexes import build_index, write_index
from dbops.gateways.store.verifications import put_verification
from tests.unit.samples import DAY, NOW, Clock, claim, manifest, store_backup, target, verification

SHOP = target()
LAYOUT = Layout(SHOP.root)
HOUR = timedelta(hours=1)
NEWEST, OLDER = 100, 20
IDS = [BackupId.at(NOW - hours * HOUR) for hours in range(NEWEST + OLDER, 0, -1)]
OLDEST, SECOND, THIRD = IDS[:3]
NEW = BackupId.at(NOW)


class CountingBucket(InMemoryBucket):
    """Counts what is read, by the name of the object."""

    read_names: Counter[str]

    def get(self, key: str) -> bytes:
        self.read_names[key.rpartition("/")[2]] += 1
        return super().get(key)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW - DAY)


@pytest.fixture
def bucket(clock: Clock) -> CountingBucket:
    """More backups than are always read, with a hold and a verdict among the older ones, and their index."""
    bucket = CountingBucket("vault", clock)
    bucket.read_names = Counter()
    for backup_id in IDS:
        store_backup(bucket, LAYOUT, manifest(backup_id))
    bucket.put(LAYOUT.hold(OLDEST), Hold(OLDEST, None, "audit", "alice").to_json())
    put_verification(bucket, SHOP, verification(SECOND))
    write_index(bucket, SHOP, build_index(bucket, SHOP, NOW))
    clock.now = NOW
    bucket.read_names.clear()
    return bucket


def as_read_in_full(bucket: InMemoryBucket) -> BackupListing:
    catalog = read_catalog(bucket, SHOP)
    backups = tuple(IndexedBackup.of(entry) for entry in catalog.entries)
    return BackupListing(SHOP.name, backups, catalog.leftovers, catalog.unreadable)


def test_of_many_backups_the_newest_are_read_and_the_older_ones_are_as_the_index_has_them(
    bucket: CountingBucket,
) -> None:
    listing = read_listing(bucket, SHOP, NOW)

    assert bucket.read_names == {"manifest.json": NEWEST, "shop.json": 1}
    assert [backup.backup_id for backup in listing.backups] == IDS
    assert listing == as_read_in_full(bucket)


def test_without_an_index_every_backup_is_read(bucket: CountingBucket) -> None:
    bucket.delete(LAYOUT.index)

    listing = read_listing(bucket, SHOP, NOW)

    assert bucket.read_names["manifest.json"] == NEWEST + OLDER
    assert listing == as_read_in_full(bucket)


def test_what_the_index_does_not_know_is_read_however_old_it_is(bucket: CountingBucket) -> None:
    unknown = BackupId.at(NOW - 999 * DAY)
    store_backup(bucket, LAYOUT, manifest(unknown))
    store_backup(bucket, LAYOUT, manifest(NEW))

    listing = read_listing(bucket, SHOP, NOW)

    assert [backup.backup_id for backup in listing.backups] == [unknown, *IDS, NEW]
    assert listing == as_read_in_full(bucket)


def test_what_was_deleted_since_the_index_was_written_is_not_listed(bucket: CountingBucket) -> None:
    for backup_id in (THIRD, IDS[-1]):
        for stored in list(bucket.list(LAYOUT.folder(backup_id))):
            bucket.delete(stored.key)

    listing = read_listing(bucket, SHOP, NOW)

    assert not {THIRD, IDS[-1]} & {backup.backup_id for backup in listing.backups}
    assert listing == as_read_in_full(bucket)


@pytest.mark.parametrize(
    "change",
    [
        lambda bucket: bucket.put(LAYOUT.hold(THIRD), Hold(THIRD, None, "a court", "bob").to_json()),
        lambda bucket: bucket.put(LAYOUT.hold(OLDEST), Hold(OLDEST, NOW + DAY, "audit", "alice").to_json()),
        lambda bucket: bucket.delete(LAYOUT.hold(OLDEST)),
        lambda bucket: put_verification(bucket, SHOP, verification(THIRD)),
        lambda bucket: put_verification(bucket, SHOP, verification(SECOND, ok=False)),
        lambda bucket: bucket.delete(LAYOUT.verification(SECOND)),
    ],
    ids=["held", "held until", "released", "proven", "disproved", "forgotten"],
)
def test_a_hold_or_a_verdict_that_has_changed_is_listed_as_it_is_now(bucket: CountingBucket, change: object) -> None:
    assert callable(change)
    change(bucket)
    assert read_listing(bucket, SHOP, NOW) == as_read_in_full(bucket)


def test_a_store_whose_clock_is_late_hides_no_verdict(bucket: CountingBucket, clock: Clock) -> None:
    clock.now = NOW - 10 * timedelta(minutes=1)
    put_verification(bucket, SHOP, verification(SECOND, ok=False))

    assert read_listing(bucket, SHOP, NOW) == as_read_in_full(bucket)


@pytest.mark.parametrize("absent", [("verified_at", "encryption_recipients"), ("judged_at", "is_doubtful")], ids=str)
def test_an_index_that_tells_less_than_is_listed_is_not_taken_for_it(
    bucket: CountingBucket, absent: tuple[str, ...]
) -> None:
    told = json.loads(bucket.get(LAYOUT.index))
    for backup in told["backups"]:
        for key in absent:
            del backup[key]
        backup["is_encrypted"] = backup["backup_id"] == THIRD
    write_index(bucket, SHOP, TargetIndex.from_json(json.dumps(told).encode()))

    assert read_listing(bucket, SHOP, NOW) == as_read_in_full(bucket)


def test_leftovers_and_what_cannot_be_read_are_looked_at_anew(bucket: CountingBucket) -> None:
    bucket.put(LAYOUT.manifest(THIRD), b"damaged")
    bucket.put(LAYOUT.started(NEW), claim(NEW).to_json())
    write_index(bucket, SHOP, build_index(bucket, SHOP, NOW))

    listing = read_listing(bucket, SHOP, NOW)

    assert [leftover.claim for leftover in listing.leftovers] == [claim(NEW)]
    assert len(listing.unreadable) == 1
    assert str(THIRD) in listing.unreadable[0]
    assert listing == as_read_in_full(bucket)


def test_what_retention_says_of_a_listing_is_what_it_says_of_the_catalog(bucket: CountingBucket) -> None:
    plan = read_listing(bucket, SHOP, NOW).plan_retention(SHOP.retention, NOW, SHOP.zone)

    assert plan.keep[OLDEST] == ("held until it is released by alice: audit",)
    assert plan.keep.keys() | plan.expire.keys() == set(IDS)
