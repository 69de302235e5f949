from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.errors import BucketError, InvalidRequest
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.backups.expire import expire
from dbops.jobs.backups.holds import hold, release, why_held
from tests.unit.samples import DAY, NOW, Clock, manifest, store_backup, target

SHOP = target(retention={"last": 0, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1})
LAYOUT = Layout(SHOP.root)
NEW, OLD = BackupId.at(NOW), BackupId.at(NOW - 9 * DAY)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> InMemoryBucket:
    bucket = InMemoryBucket("vault", clock)
    for backup_id in (OLD, NEW):
        store_backup(bucket, LAYOUT, manifest(backup_id))
    return bucket


def test_a_backup_that_is_held_outlives_expire_until_it_is_released(bucket: InMemoryBucket, clock: Clock) -> None:
    hold(SHOP, bucket, OLD, until=None, reason="evidence", by="alice", clock=clock)
    assert expire(SHOP, bucket, clock=clock).expired == {}
    release(SHOP, bucket, OLD)
    assert list(expire(SHOP, bucket, clock=clock).expired) == [OLD]


def test_a_hold_ends_by_itself(bucket: InMemoryBucket, clock: Clock) -> None:
    hold(SHOP, bucket, OLD, until=NOW + 30 * DAY, reason="evidence", by="alice", clock=clock)
    clock.now = NOW + 30 * DAY - timedelta(seconds=1)
    assert expire(SHOP, bucket, clock=clock).expired == {}
    clock.now = NOW + 30 * DAY
    assert list(expire(SHOP, bucket, clock=clock).expired) == [OLD]


def test_a_second_hold_replaces_the_first(bucket: InMemoryBucket, clock: Clock) -> None:
    hold(SHOP, bucket, OLD, until=NOW + DAY, reason="evidence", by="alice", clock=clock)
    hold(SHOP, bucket, OLD, until=None, reason="still needed", by="bob", clock=clock)
    assert why_held(bucket, LAYOUT, OLD, NOW) == "held until it is released by bob: still needed"


def test_an_end_in_another_zone_is_told_in_utc(bucket: InMemoryBucket, clock: Clock) -> None:
    vienna = datetime(2026, 12, 24, 1, tzinfo=timezone(timedelta(hours=1)))
    held = hold(SHOP, bucket, OLD, until=vienna, reason="evidence", by="alice", clock=clock)
    assert held.sentence() == "held until 2026-12-24 00:00 UTC by alice: evidence"
    assert held.until == datetime(2026, 12, 24, tzinfo=UTC)


def test_a_backup_that_does_not_exist_cannot_be_held_and_no_hold_is_left(bucket: InMemoryBucket, clock: Clock) -> None:
    missing = BackupId.at(NOW - DAY)
    with pytest.raises(InvalidRequest, match=f"no backup {missing} of shop"):
        hold(SHOP, bucket, missing, until=None, reason="evidence", by="alice", clock=clock)
    assert list(bucket.list(LAYOUT.holds)) == []


@pytest.mark.parametrize(("reason", "by"), [("", "alice"), ("  ", "alice"), ("evidence", ""), ("evidence", " ")])
def test_a_hold_names_a_reason_and_a_person(bucket: InMemoryBucket, clock: Clock, reason: str, by: str) -> None:
    with pytest.raises(InvalidRequest, match="needs a reason and the name of who"):
        hold(SHOP, bucket, OLD, until=None, reason=reason, by=by, clock=clock)
    assert list(bucket.list(LAYOUT.holds)) == []


def test_a_hold_that_is_over_before_it_begins_is_refused(bucket: InMemoryBucket, clock: Clock) -> None:
    with pytest.raises(InvalidRequest, match="past"):
        hold(SHOP, bucket, OLD, until=NOW, reason="evidence", by="alice", clock=clock)
    assert list(bucket.list(LAYOUT.holds)) == []


def test_what_is_not_held_cannot_be_released(bucket: InMemoryBucket) -> None:
    with pytest.raises(InvalidRequest, match=f"{OLD} of shop is not held"):
        release(SHOP, bucket, OLD)


def test_what_the_store_lists_and_will_not_hand_out_can_be_held_and_released(clock: Clock) -> None:
    class ArchivedBucket(InMemoryBucket):
        def get(self, key: str) -> bytes:
            raise BucketError(f"The store will not hand out {key}.")

    bucket = ArchivedBucket("vault", clock)
    store_backup(bucket, LAYOUT, manifest(OLD))
    hold(SHOP, bucket, OLD, until=None, reason="evidence", by="alice", clock=clock)
    assert [stored.key for stored in bucket.list(LAYOUT.holds)] == [LAYOUT.hold(OLD)]
    release(SHOP, bucket, OLD, clock=clock)
    assert list(bucket.list(LAYOUT.holds)) == []
