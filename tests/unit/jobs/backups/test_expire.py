"""expire on an in-memory bucket: what it deletes, in which order, and what it never touches."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.report import Verdict
from dbops.domain.restores.hold import LONGEST_STEP
from dbops.domain.restores.record import RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.views.target_parts import backups_part
from dbops.errors import BucketError, ExpireFailed, InvalidRequest, ObjectRefused
from dbops.gateways.store.backup_listings import read_listing
from dbops.gateways.store.bucket import StoredObject
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.restores import put_restore
from dbops.gateways.store.target_indexes import build_index
from dbops.jobs.backups.expire import expire
from dbops.jobs.backups.holds import hold
from tests.unit.restores import record
from tests.unit.samples import DAY, NOW, Clock, claim, manifest, store_backup, target, verification

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
POLICY = {"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
SHOP = target("shop", retention=POLICY)
LAYOUT = Layout(SHOP.root)


class ObservedBucket(InMemoryBucket):
    """Notes each deletion, refuses to delete some keys, and lets something happen right before a key is touched."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        super().__init__(name, clock)
        self.deleted: list[str] = []
        self.locked: Collection[str] = ()
        self.archived: set[str] = set()
        self.before_anything: Callable[[], None] = lambda: None
        self.before_reading: dict[str, Callable[[], None]] = {}
        self.before_deleting: dict[str, Callable[[], None]] = {}

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self.before_anything()
        return super().list(prefix)

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        self.before_anything()
        super().put(key, body)

    def delete(self, key: str) -> None:
        self.before_anything()
        self.before_deleting.pop(key, lambda: None)()
        if key in self.locked:
            raise BucketError(f"The store refused to delete {key}.", "Look at its lock.")
        self.deleted.append(key)
        super().delete(key)

    def get(self, key: str) -> bytes:
        self.before_anything()
        self.before_reading.pop(key, lambda: None)()
        if key in self.archived:
            raise ObjectRefused("Refused.", "Thaw it.", place=f"s3://vault/{key}", why="it is cold", is_its_own=True)
        return super().get(key)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> ObservedBucket:
    return ObservedBucket("vault", clock)


def back_up(bucket: ObservedBucket, clock: Clock, *days_ago: int) -> list[BackupId]:
    """Whole backups of so many days ago, each written then; the answer is newest first."""
    for days in sorted(days_ago, reverse=True):
        clock.now = NOW - days * DAY
        store_backup(bucket, LAYOUT, manifest(clock.now))
    clock.now = NOW
    return [BackupId.at(NOW - days * DAY) for days in sorted(days_ago)]


def begin(bucket: ObservedBucket, clock: Clock, age: timedelta, *, renewed: datetime | None = None) -> BackupId:
    """A backup that was begun that long ago and never finished."""
    clock.now = NOW - age
    backup_id = BackupId.at(clock.now)
    bucket.put(LAYOUT.started(backup_id), claim(backup_id, renewed=renewed).to_json())
    bucket.put(LAYOUT.folder(backup_id) + "toc.dat", b"toc")
    clock.now = NOW
    return backup_id


def put_when(bucket: ObservedBucket, clock: Clock, ago: timedelta, key: str, body: bytes) -> None:
    """Write an object with the time of a store whose clock is behind."""
    clock.now -= ago
    bucket.put(key, body)
    clock.now += ago


def judge(bucket: InMemoryBucket, clock: Clock, backup_id: BackupId, *, ok: bool, ago: timedelta = timedelta()) -> None:
    """A verdict on that backup, of which the store says that it was written so long ago."""
    clock.now -= ago
    bucket.put(LAYOUT.verification(backup_id), verification(backup_id, ok=ok).to_json())
    clock.now += ago


def keys(bucket: ObservedBucket, prefix: str = "") -> list[str]:
    return [stored.key for stored in bucket.list(prefix)]


def audits(bucket: ObservedBucket) -> list[dict[str, object]]:
    return [json.loads(bucket.get(key)) for key in keys(bucket, f"{SHOP.root}audit/")]


# ---------------------------------------------------------------- expiring


def test_it_deletes_what_no_rule_keeps_and_nothing_else(bucket: ObservedBucket, clock: Clock) -> None:
    newest, second, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    before = set(keys(bucket))
    report = expire(SHOP, bucket, clock=clock)
    gone = before - set(keys(bucket))
    assert gone == {key for key in before if str(third) in key or str(fourth) in key}
    assert list(report.kept) == [newest, second]
    assert list(report.expired) == [third, fourth]
    assert report.expired[third] == (f"no rule keeps it; the nearest kept is {second}",)
    assert report.objects == len(gone) == 8
    assert report.verdict == Verdict.OK


def test_the_freed_bytes_are_those_of_the_deleted_objects(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    expected = sum(stored.bytes for stored in bucket.list(LAYOUT.folder(oldest)))
    assert expire(SHOP, bucket, clock=clock).freed_bytes == expected > 1000


def test_a_backup_is_deleted_in_reverse_its_manifest_first_and_its_claim_last(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    expire(SHOP, bucket, clock=clock)
    assert bucket.deleted[0] == LAYOUT.manifest(oldest)
    assert bucket.deleted[-1] == LAYOUT.started(oldest)
    assert len(bucket.deleted) == 4


def test_a_dry_run_deletes_nothing_and_says_what_it_would(bucket: ObservedBucket, clock: Clock) -> None:
    back_up(bucket, clock, 0, 1, 2, 3)
    begin(bucket, clock, 50 * HOUR)
    upload_begun_ago(bucket, clock, 3 * DAY, LAYOUT.folder(BackupId.at(NOW - 3 * DAY)) + "big.dat")
    before = keys(bucket)
    shown = expire(SHOP, bucket, clock=clock, dry_run=True)
    assert keys(bucket) == before
    assert len(list(bucket.unfinished_uploads(""))) == 1
    done = expire(SHOP, bucket, clock=clock)
    assert (shown.expired, shown.swept, shown.aborted_uploads) == (done.expired, done.swept, done.aborted_uploads)
    assert (shown.objects, shown.freed_bytes) == (done.objects, done.freed_bytes)
    assert shown.markdown().startswith("Would expire 2 backups of shop, kept 2, swept 1 leftover and 1 unfinished")
    assert done.markdown().startswith("Expired 2 backups of shop")


def test_a_second_expire_finds_nothing_to_do_and_writes_nothing(bucket: ObservedBucket, clock: Clock) -> None:
    back_up(bucket, clock, *range(9))
    begin(bucket, clock, 3 * DAY)
    expire(SHOP, bucket, clock=clock)
    after = keys(bucket)
    report = expire(SHOP, bucket, clock=clock)
    assert (report.expired, report.swept, report.objects) == ({}, {}, 0)
    assert keys(bucket) == after


def test_an_empty_bucket_is_fine(bucket: ObservedBucket, clock: Clock) -> None:
    report = expire(SHOP, bucket, clock=clock)
    assert (report.kept, report.expired, keys(bucket)) == ({}, {}, [LAYOUT.index])


def test_nothing_outside_the_targets_own_backups_is_ever_touched(bucket: ObservedBucket, clock: Clock) -> None:
    old = BackupId.at(NOW - 300 * DAY)
    foreign = [
        f"team/shop2/backups/{old}/manifest.json",
        f"team/shop/backups/{old}",
        f"team/shop/backups/{old}-copy/manifest.json",
        "team/shop/backups/README.txt",
        "team/shop/backups/2025/manifest.json",
        f"team/shop/verifications/{old}.json",
        f"shop/backups/{old}/manifest.json",
        f"backups/{old}/started.json",
    ]
    clock.now = NOW - 300 * DAY
    for key in foreign:
        bucket.put(key, manifest(old).to_json() if key.endswith("manifest.json") else b'{"ok": true}')
    back_up(bucket, clock, *range(9))
    expire(SHOP, bucket, clock=clock)
    assert set(foreign) <= set(keys(bucket))
    assert all(key.startswith(LAYOUT.backups) for key in bucket.deleted)


def test_a_manifest_that_cannot_be_read_is_left_alone_and_told(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2, 9)
    bucket.put(LAYOUT.manifest(oldest), b"{")
    report = expire(SHOP, bucket, clock=clock)
    assert len(keys(bucket, LAYOUT.folder(oldest))) == 4
    assert report.verdict == Verdict.WARNING
    assert str(oldest) in report.warnings[0]
    assert report.warnings[0] in report.markdown()


def test_a_backup_that_failed_its_verification_does_not_push_a_good_one_out(
    bucket: ObservedBucket, clock: Clock
) -> None:
    _, bad, second, third = back_up(bucket, clock, 0, 1, 2, 3)
    judge(bucket, clock, bad, ok=False, ago=WEEK)
    report = expire(SHOP, bucket, clock=clock)
    assert second in report.kept
    assert list(report.expired) == [bad, third]


def test_what_failed_its_verification_stays_a_week_by_the_stores_clock_and_by_no_time_in_the_verdict(
    bucket: ObservedBucket, clock: Clock
) -> None:
    _, bad, *_ = back_up(bucket, clock, 0, 1, 2)
    body = replace(verification(bad, ok=False), started=NOW - 90 * DAY, finished=NOW - 90 * DAY).to_json()
    bucket.put(LAYOUT.verification(bad), body)
    clock.now += WEEK - timedelta(seconds=1)
    report = expire(SHOP, bucket, clock=clock)
    assert (report.expired, report.verdict) == ({}, Verdict.OK)
    assert f"its verification failed; it stays until {NOW + WEEK:%Y-%m-%d %H:%M} UTC, 7d after" in report.kept[bad][0]
    clock.now += timedelta(seconds=1)
    assert list(expire(SHOP, bucket, clock=clock).expired) == [bad]


def test_a_verdict_that_is_overwritten_begins_its_days_anew(bucket: ObservedBucket, clock: Clock) -> None:
    _, bad, *_ = back_up(bucket, clock, 0, 1, 2)
    judge(bucket, clock, bad, ok=False, ago=WEEK)
    judge(bucket, clock, bad, ok=False, ago=DAY)
    assert bad in expire(SHOP, bucket, clock=clock).kept


def test_whoever_overwrites_every_verdict_deletes_nothing_with_the_next_expire(
    bucket: ObservedBucket, clock: Clock
) -> None:
    backups = back_up(bucket, clock, *range(5))
    assert len(expire(SHOP, bucket, clock=clock, dry_run=True).expired) == 3
    for backup_id in backups[1:]:
        judge(bucket, clock, backup_id, ok=False)
    assert expire(SHOP, bucket, clock=clock).expired == {}
    assert len(keys(bucket, LAYOUT.backups)) == 5 * 4


@pytest.mark.parametrize("ok", [True, False])
def test_a_verdict_that_is_written_while_its_backup_expires_keeps_it_this_time(
    bucket: ObservedBucket, clock: Clock, ok: bool
) -> None:
    _, bad, *_ = back_up(bucket, clock, 0, 1, 2)
    judge(bucket, clock, bad, ok=False, ago=WEEK)
    # Between the store's list of the verdicts, which tells when each was written, and the reading of this one.
    bucket.before_reading[LAYOUT.verification(bad)] = lambda: judge(bucket, clock, bad, ok=ok)
    report = expire(SHOP, bucket, clock=clock)
    assert bad in report.kept
    assert LAYOUT.manifest(bad) in keys(bucket)


def test_a_verdict_that_is_taken_away_while_its_backup_expires_keeps_it_this_time(
    bucket: ObservedBucket, clock: Clock
) -> None:
    _, _, third, bad = back_up(bucket, clock, 0, 1, 2, 3)
    judge(bucket, clock, bad, ok=False, ago=WEEK)
    bucket.before_deleting[LAYOUT.manifest(third)] = lambda: bucket.delete(LAYOUT.verification(bad))
    report = expire(SHOP, bucket, clock=clock)
    assert list(report.expired) == [third]
    assert report.kept[bad] == ("its verdict has changed since this was planned; the next expire will decide",)


def test_what_was_drilled_outlives_the_hours_until_the_next_drill(bucket: ObservedBucket, clock: Clock) -> None:
    hourly = target("shop")  # and every rule of retention as it is where nobody has said anything
    ids = [BackupId.at(NOW - number * HOUR) for number in range(12)]  # all of one day
    for backup_id in reversed(ids):
        clock.now = backup_id.time
        store_backup(bucket, LAYOUT, manifest(backup_id))
        if backup_id == ids[7]:
            judge(bucket, clock, backup_id, ok=True)
        expire(hourly, bucket, clock=clock)
    assert list(expire(hourly, bucket, clock=clock).kept) == [*ids[:3], ids[7]]
    judge(bucket, clock, ids[1], ok=True)
    assert list(expire(hourly, bucket, clock=clock).expired) == [ids[7]]


# ---------------------------------------------------------------- holds


def test_a_held_backup_stays(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    bucket.put(LAYOUT.hold(oldest), Hold(oldest, None, "evidence", "alice").to_json())
    report = expire(SHOP, bucket, clock=clock)
    assert report.kept[oldest] == ("held until it is released by alice: evidence",)
    assert len(keys(bucket, LAYOUT.folder(oldest))) == 4


def test_a_hold_set_after_the_plan_was_made_still_holds(bucket: ObservedBucket, clock: Clock) -> None:
    _, _, third, oldest = back_up(bucket, clock, 0, 1, 2, 3)
    hold = Hold(oldest, None, "wait!", "bob").to_json()
    bucket.before_deleting = {LAYOUT.manifest(third): lambda: bucket.put(LAYOUT.hold(oldest), hold)}
    report = expire(SHOP, bucket, clock=clock)
    assert report.kept[oldest] == ("held until it is released by bob: wait!",)
    assert len(keys(bucket, LAYOUT.folder(oldest))) == 4
    assert keys(bucket, LAYOUT.folder(third)) == []


def test_a_hold_that_cannot_be_read_holds(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    bucket.put(LAYOUT.hold(oldest), b"please keep")
    report = expire(SHOP, bucket, clock=clock)
    assert oldest in report.kept
    assert len(keys(bucket, LAYOUT.folder(oldest))) == 4


def test_a_hold_that_is_over_holds_nothing(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    bucket.put(LAYOUT.hold(oldest), Hold(oldest, NOW - DAY, "evidence", "alice").to_json())
    assert oldest in expire(SHOP, bucket, clock=clock).expired


def test_where_the_store_cannot_say_whether_a_backup_is_held_it_stays(bucket: ObservedBucket, clock: Clock) -> None:
    _, _, third, oldest = back_up(bucket, clock, 0, 1, 2, 3)

    def refuse() -> None:
        raise BucketError("The store answered 503.", "")

    bucket.before_reading = {LAYOUT.hold(third): refuse}
    with pytest.raises(ExpireFailed, match="503"):
        expire(SHOP, bucket, clock=clock)
    assert len(keys(bucket, LAYOUT.folder(third))) == 4
    assert keys(bucket, LAYOUT.folder(oldest)) == []


def confirm_hold(bucket: ObservedBucket, clock: Clock, backup_id: BackupId) -> None:
    """A person holds it, and is told that it is held."""
    hold(SHOP, bucket, backup_id, until=None, reason="wait!", by="bob", clock=clock)


def whole(bucket: ObservedBucket, backup_id: BackupId) -> dict[str, bytes]:
    return {key: bucket.get(key) for key in keys(bucket, LAYOUT.folder(backup_id))}


def test_a_hold_that_is_confirmed_right_before_the_manifest_goes_is_not_lost(
    bucket: ObservedBucket, clock: Clock
) -> None:
    newest, second, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    before = whole(bucket, third)
    bucket.before_deleting[LAYOUT.manifest(third)] = lambda: confirm_hold(bucket, clock, third)
    report = expire(SHOP, bucket, clock=clock)
    assert whole(bucket, third) == before
    assert report.kept[third] == ("held until it is released by bob: wait!",)
    assert list(report.expired) == [fourth]
    assert report.objects == 4, "what was put back is not counted as deleted"
    assert audits(bucket)[0]["expired"] == {fourth: list(report.expired[fourth])}
    assert list(expire(SHOP, bucket, clock=clock).kept) == [newest, second, third]


@pytest.mark.parametrize("moment", range(40))
def test_at_whatever_moment_of_an_expire_a_backup_is_held_it_is_whole_or_nobody_was_told_that_it_is_held(
    moment: int,
) -> None:
    clock = Clock()
    bucket = ObservedBucket("vault", clock)
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    before = whole(bucket, oldest)
    asked = count()
    told: list[bool] = []

    def between_two_requests() -> None:
        if next(asked) == moment:
            try:
                confirm_hold(bucket, clock, oldest)
            except InvalidRequest:
                told.append(False)
            else:
                told.append(True)

    bucket.before_anything = between_two_requests
    expire(SHOP, bucket, clock=clock)
    bucket.before_anything = lambda: None
    assert told or moment >= next(asked)
    assert told != [True] or whole(bucket, oldest) == before


def test_a_restore_that_is_planned_right_before_the_manifest_goes_finds_its_backup(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    before = whole(bucket, oldest)
    bucket.before_deleting[LAYOUT.manifest(oldest)] = lambda: begin_restore(bucket, oldest)
    report = expire(SHOP, bucket, clock=clock)
    assert "its restore in the run manual__1" in report.kept[oldest][0]
    assert whole(bucket, oldest) == before


def test_where_nobody_can_say_whether_it_was_held_in_the_last_moment_the_manifest_is_put_back(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    before = whole(bucket, oldest)

    def refuse() -> None:
        raise BucketError("The store answered 503.", "")

    bucket.before_deleting[LAYOUT.manifest(oldest)] = lambda: bucket.before_reading.update(
        {LAYOUT.hold(oldest): refuse}
    )
    with pytest.raises(ExpireFailed, match="503"):
        expire(SHOP, bucket, clock=clock)
    assert whole(bucket, oldest) == before


def test_a_manifest_that_cannot_be_put_back_is_told_and_no_file_of_its_backup_goes(
    bucket: ObservedBucket, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    before = whole(bucket, oldest)
    put = bucket.put

    def refusing(key: str, body: bytes | BinaryIO) -> None:
        if key == LAYOUT.manifest(oldest):
            raise BucketError("The store is full.", "")
        put(key, body)

    monkeypatch.setattr(bucket, "put", refusing)
    bucket.before_deleting[LAYOUT.manifest(oldest)] = lambda: confirm_hold(bucket, clock, oldest)
    with pytest.raises(ExpireFailed, match="could not be put back") as failure:
        expire(SHOP, bucket, clock=clock)
    assert LAYOUT.manifest(oldest) in failure.value.what
    assert "The store is full." in failure.value.what
    before.pop(LAYOUT.manifest(oldest))
    assert whole(bucket, oldest) == before
    clock.now += 30 * DAY
    expire(SHOP, bucket, clock=clock)
    assert whole(bucket, oldest) == before


# ---------------------------------------------------------------- what the store will not hand out


def test_one_manifest_that_the_store_will_not_hand_out_stops_no_expire_and_its_backup_stays(
    bucket: ObservedBucket, clock: Clock
) -> None:
    newest, second, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    bucket.archived = {LAYOUT.manifest(fourth)}
    report = expire(SHOP, bucket, clock=clock)
    assert (list(report.kept), list(report.expired)) == ([newest, second], [third])
    assert report.verdict == Verdict.WARNING
    assert f"{LAYOUT.manifest(fourth)} is there, and the store will not hand it out: it is cold." in report.warnings[0]
    assert len(keys(bucket, LAYOUT.folder(fourth))) == 4


def test_what_is_held_or_judged_by_an_object_that_the_store_will_not_hand_out_stays(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    bucket.put(LAYOUT.hold(third), Hold(third, NOW - DAY, "long over, but who can read that", "alice").to_json())
    judge(bucket, clock, fourth, ok=True)
    bucket.archived = {LAYOUT.hold(third), LAYOUT.verification(fourth)}
    report = expire(SHOP, bucket, clock=clock)
    assert report.expired == {}
    assert report.kept[third] == ("held until it is released by unknown: what the hold says cannot be read",)
    assert report.kept[fourth] == ("the verdict on it cannot be read; another drill of it gives a new one",)


def test_a_hold_that_is_no_longer_handed_out_while_its_backup_expires_holds(
    bucket: ObservedBucket, clock: Clock
) -> None:
    _, _, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    bucket.put(LAYOUT.hold(fourth), Hold(fourth, NOW - DAY, "over", "alice").to_json())
    bucket.before_deleting[LAYOUT.manifest(third)] = lambda: bucket.archived.add(LAYOUT.hold(fourth))
    report = expire(SHOP, bucket, clock=clock)
    assert list(report.expired) == [third]
    assert "counts as one without an end" in report.kept[fourth][0]


# ---------------------------------------------------------------- refusals


def test_a_refused_file_does_not_stop_the_others_and_fails_the_job_at_the_end(
    bucket: ObservedBucket, clock: Clock
) -> None:
    _, _, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    locked = LAYOUT.folder(third) + "toc.dat"
    bucket.locked = {locked}
    with pytest.raises(ExpireFailed) as failure:
        expire(SHOP, bucket, clock=clock)
    assert "refused 1 object" in failure.value.what
    assert locked in failure.value.what
    assert keys(bucket, LAYOUT.folder(third)) == [LAYOUT.started(third), locked]
    assert keys(bucket, LAYOUT.folder(fourth)) == []


def test_what_a_refused_deletion_leaves_is_swept_when_the_store_lets_it_go(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    bucket.locked = {LAYOUT.folder(oldest) + "toc.dat"}
    with pytest.raises(ExpireFailed):
        expire(SHOP, bucket, clock=clock)
    bucket.locked = ()
    assert list(expire(SHOP, bucket, clock=clock).swept) == [oldest]
    assert keys(bucket, LAYOUT.folder(oldest)) == []


def test_while_its_manifest_cannot_be_deleted_a_backup_stays_whole(bucket: ObservedBucket, clock: Clock) -> None:
    *_, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    bucket.locked = {LAYOUT.manifest(third)}
    with pytest.raises(ExpireFailed):
        expire(SHOP, bucket, clock=clock)
    assert len(keys(bucket, LAYOUT.folder(third))) == 4
    assert keys(bucket, LAYOUT.folder(fourth)) == []


def test_of_many_refusals_the_error_counts_all_and_names_the_first(bucket: ObservedBucket, clock: Clock) -> None:
    *_, third, fourth, fifth = back_up(bucket, clock, 0, 1, 2, 3, 4)
    back_up(bucket, clock, 5, 6)
    bucket.locked = {key for key in keys(bucket) if key.endswith("manifest.json")}
    with pytest.raises(ExpireFailed) as failure:
        expire(SHOP, bucket, clock=clock)
    assert "refused 5 objects" in failure.value.what
    assert "and 2 more" in failure.value.what
    assert all(LAYOUT.manifest(backup_id) in failure.value.what for backup_id in (third, fourth, fifth))


def test_where_the_catalog_cannot_be_read_nothing_is_deleted(bucket: ObservedBucket, clock: Clock) -> None:
    *_, newest = back_up(bucket, clock, *range(9))

    def refuse() -> None:
        raise BucketError("The store answered 503.", "")

    bucket.before_reading = {LAYOUT.manifest(newest): refuse}
    with pytest.raises(BucketError, match="503"):
        expire(SHOP, bucket, clock=clock)
    assert bucket.deleted == []


# ---------------------------------------------------------------- leftovers


def test_a_leftover_is_swept_a_day_after_its_last_sign_of_life(bucket: ObservedBucket, clock: Clock) -> None:
    young, old = begin(bucket, clock, 23 * HOUR), begin(bucket, clock, 24 * HOUR)
    report = expire(SHOP, bucket, clock=clock)
    assert list(report.swept) == [old]
    assert report.swept[old] == ("never finished, and silent for 1d",)
    assert keys(bucket, LAYOUT.folder(old)) == []
    assert len(keys(bucket, LAYOUT.folder(young))) == 2
    assert bucket.deleted[-1] == LAYOUT.started(old)


def test_a_backup_that_runs_for_days_is_not_swept_while_its_claim_is_renewed(
    bucket: ObservedBucket, clock: Clock
) -> None:
    running = begin(bucket, clock, 9 * DAY, renewed=NOW - 23 * HOUR)
    assert expire(SHOP, bucket, clock=clock).swept == {}
    assert len(keys(bucket, LAYOUT.folder(running))) == 2


def test_a_claim_renewed_by_a_clock_ahead_of_ours_is_not_swept(bucket: ObservedBucket, clock: Clock) -> None:
    begin(bucket, clock, 9 * DAY, renewed=NOW + 900 * DAY)
    assert expire(SHOP, bucket, clock=clock).swept == {}


def test_a_leftover_without_a_readable_claim_is_swept_by_its_age(bucket: ObservedBucket, clock: Clock) -> None:
    old = begin(bucket, clock, 2 * DAY)
    clock.now = NOW - 2 * DAY
    bucket.put(LAYOUT.started(old), b"{")
    clock.now = NOW
    assert list(expire(SHOP, bucket, clock=clock).swept) == [old]


def test_a_backup_that_is_finished_while_expire_runs_is_not_swept(bucket: ObservedBucket, clock: Clock) -> None:
    *_, expiring = back_up(bucket, clock, 0, 1, 2)
    slow = begin(bucket, clock, 5 * DAY)
    finish = manifest(slow).to_json()
    bucket.before_deleting = {
        LAYOUT.manifest(expiring): lambda: put_when(bucket, clock, 3 * DAY, LAYOUT.manifest(slow), finish)
    }
    assert expire(SHOP, bucket, clock=clock).swept == {}
    assert LAYOUT.manifest(slow) in keys(bucket)


@pytest.mark.parametrize("store_is_behind_by", [timedelta(0), 3 * DAY], ids=str)
def test_a_backup_that_shows_life_while_expire_runs_is_not_swept(
    bucket: ObservedBucket, clock: Clock, store_is_behind_by: timedelta
) -> None:
    *_, expiring = back_up(bucket, clock, 0, 1, 2)
    slow = begin(bucket, clock, 5 * DAY)
    renewed = claim(slow, renewed=NOW).to_json()
    bucket.before_deleting = {
        LAYOUT.manifest(expiring): lambda: put_when(bucket, clock, store_is_behind_by, LAYOUT.started(slow), renewed)
    }
    assert expire(SHOP, bucket, clock=clock).swept == {}
    assert len(keys(bucket, LAYOUT.folder(slow))) == 2


def test_a_leftover_that_somebody_else_sweeps_at_the_same_time_is_nobodys_failure(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, expiring = back_up(bucket, clock, 0, 1, 2)
    old = begin(bucket, clock, 5 * DAY)

    def sweep() -> None:
        for key in keys(bucket, LAYOUT.folder(old)):
            bucket.delete(key)

    bucket.before_deleting = {LAYOUT.manifest(expiring): sweep}
    report = expire(SHOP, bucket, clock=clock)
    assert (list(report.expired), report.swept) == ([expiring], {})


@pytest.mark.parametrize(
    "body",
    [
        Hold(BackupId.at(NOW - 5 * DAY), None, "to be looked into", "alice").to_json(),
        Hold(BackupId.at(NOW), NOW - DAY, "a hold for another backup", "alice").to_json(),
        b"please keep",
    ],
    ids=["a hold", "a hold for another backup", "something else"],
)
def test_a_leftover_that_somebody_holds_is_not_swept(bucket: ObservedBucket, clock: Clock, body: bytes) -> None:
    old = begin(bucket, clock, 5 * DAY)
    bucket.put(LAYOUT.hold(old), body)
    assert expire(SHOP, bucket, clock=clock).swept == {}


# ---------------------------------------------------------------- unfinished uploads


def upload_begun_ago(bucket: ObservedBucket, clock: Clock, age: timedelta, key: str) -> None:
    clock.now = NOW - age
    bucket.begin_upload(key).add_part(1, BytesIO(b"part"), 4)
    clock.now = NOW


def test_an_upload_that_nobody_will_complete_is_aborted_a_day_later(bucket: ObservedBucket, clock: Clock) -> None:
    dead = begin(bucket, clock, 2 * DAY)
    upload_begun_ago(bucket, clock, 2 * DAY, LAYOUT.folder(dead) + "3001.dat.zst")
    upload_begun_ago(bucket, clock, 23 * HOUR, LAYOUT.folder(BackupId.at(NOW - 23 * HOUR)) + "3001.dat.zst")
    report = expire(SHOP, bucket, clock=clock)
    assert report.aborted_uploads == (LAYOUT.folder(dead) + "3001.dat.zst",)
    assert [upload.begun for upload in bucket.unfinished_uploads("")] == [NOW - 23 * HOUR]


def test_an_upload_of_a_backup_that_still_runs_is_not_aborted(bucket: ObservedBucket, clock: Clock) -> None:
    running = begin(bucket, clock, 2 * DAY, renewed=NOW)
    upload_begun_ago(bucket, clock, 2 * DAY, LAYOUT.folder(running) + "3001.dat.zst")
    assert expire(SHOP, bucket, clock=clock).aborted_uploads == ()
    assert len(list(bucket.unfinished_uploads(""))) == 1


def test_uploads_of_others_are_not_aborted(bucket: ObservedBucket, clock: Clock) -> None:
    old = BackupId.at(NOW - 9 * DAY)
    for key in (f"team/shop2/backups/{old}/a", "team/shop/backups/notes.txt", "team/shop/docs/index.html", "x"):
        upload_begun_ago(bucket, clock, 9 * DAY, key)
    assert expire(SHOP, bucket, clock=clock).aborted_uploads == ()
    assert len(list(bucket.unfinished_uploads(""))) == 4


# ---------------------------------------------------------------- the audit


def test_what_was_deleted_is_written_down_with_reasons_and_who_asked(bucket: ObservedBucket, clock: Clock) -> None:
    _, second, third = back_up(bucket, clock, 0, 1, 2)
    leftover = begin(bucket, clock, 4 * DAY)
    expire(SHOP, bucket, clock=clock, run="scheduled__2026-11-22")
    (audit,) = audits(bucket)
    assert keys(bucket, f"{SHOP.root}audit/") == ["team/shop/audit/20261122T120000Z-expire.json"]
    assert audit["requested_by"] == "scheduled__2026-11-22"
    assert audit["expired"] == {third: [f"no rule keeps it; the nearest kept is {second}"]}
    assert audit["swept"] == {leftover: ["never finished, and silent for 4d"]}
    assert audit["not_deleted"] == []


def test_what_could_not_be_deleted_is_written_down_too(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    bucket.locked = {LAYOUT.folder(oldest) + "toc.dat"}
    with pytest.raises(ExpireFailed):
        expire(SHOP, bucket, clock=clock)
    assert audits(bucket)[0]["not_deleted"] == [LAYOUT.folder(oldest) + "toc.dat"]


def test_two_expires_in_the_same_second_both_leave_their_record(bucket: ObservedBucket, clock: Clock) -> None:
    for _ in range(2):
        back_up(bucket, clock, 0, 1, 2)
        expire(SHOP, bucket, clock=clock)
    assert len(audits(bucket)) == 2


def test_a_record_that_cannot_be_written_fails_the_job(bucket: ObservedBucket, clock: Clock) -> None:
    back_up(bucket, clock, 0, 1, 2)

    def refuse(key: str, body: bytes) -> None:
        raise BucketError(f"The store refused {key}.", "")

    bucket.create = refuse  # type: ignore[method-assign]
    with pytest.raises(ExpireFailed, match=r"audit/20261122T120000Z-expire\.json"):
        expire(SHOP, bucket, clock=clock)


def test_the_report_is_one_json_document(bucket: ObservedBucket, clock: Clock) -> None:
    _, _, third = back_up(bucket, clock, 0, 1, 2)
    document = json.loads(expire(SHOP, bucket, clock=clock).to_json())
    assert list(document["expired"]) == [third]
    assert (document["verdict"], document["dry_run"], document["job"]) == ("ok", False, "expire")


# ---------------------------------------------------------------- what is being restored

HELD_FOR = SHOP.approvals.wait + LONGEST_STEP


def begin_restore(bucket: InMemoryBucket, backup_id: BackupId, **changed: Any) -> None:
    request = RestoreRequest(mode=changed.pop("mode", "swap"), backup_id=backup_id)
    put_restore(bucket, SHOP, record(backup_id=backup_id, request=request, **changed))


@pytest.mark.parametrize("state", [one for one in RestoreState if one is not RestoreState.SWAPPED])
def test_what_a_restore_needs_stays_until_its_end_and_the_report_says_why(
    bucket: ObservedBucket, clock: Clock, state: RestoreState
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    begin_restore(bucket, oldest, state=state)

    clock.now += HELD_FOR - timedelta(seconds=1)
    report = expire(SHOP, bucket, clock=clock)

    assert report.expired == {}
    assert f"by alice: its restore in the run manual__1 has not ended, but is {state}" in report.markdown()
    begin_restore(bucket, oldest, state=RestoreState.SWAPPED)
    assert list(expire(SHOP, bucket, clock=clock).expired) == [oldest]


def test_a_restore_that_has_died_lets_its_backup_go_some_days_later(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    begin_restore(bucket, oldest, state=RestoreState.LOADING)

    clock.now += HELD_FOR

    assert list(expire(SHOP, bucket, clock=clock).expired) == [oldest]


def test_each_step_of_a_restore_holds_its_backup_anew(bucket: ObservedBucket, clock: Clock) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    begin_restore(bucket, oldest)
    clock.now += HELD_FOR - timedelta(seconds=1)
    begin_restore(bucket, oldest, state=RestoreState.LOADING)
    clock.now += HELD_FOR - timedelta(seconds=1)

    assert expire(SHOP, bucket, clock=clock).expired == {}


def test_a_restore_that_is_planned_while_it_is_expired_holds_its_backup(bucket: ObservedBucket, clock: Clock) -> None:
    _, _, third, fourth = back_up(bucket, clock, 0, 1, 2, 3)
    bucket.before_deleting[LAYOUT.manifest(third)] = lambda: begin_restore(bucket, fourth)

    report = expire(SHOP, bucket, clock=clock)

    assert list(report.expired) == [third]
    assert "its restore in the run manual__1" in report.kept[fourth][0]
    assert LAYOUT.manifest(fourth) in keys(bucket)


def test_the_record_of_a_restore_of_another_target_or_of_none_holds_nothing(
    bucket: ObservedBucket, clock: Clock
) -> None:
    *_, oldest = back_up(bucket, clock, 0, 1, 2)
    begin_restore(bucket, oldest, target="other")
    bucket.put(LAYOUT.restore("torn"), record(backup_id=oldest).to_json()[:-9])

    assert list(expire(SHOP, bucket, clock=clock).expired) == [oldest]


def test_restores_that_cannot_be_listed_delete_nothing(bucket: ObservedBucket, clock: Clock) -> None:
    back_up(bucket, clock, 0, 1, 2)
    begin_restore(bucket, BackupId.at(NOW))

    def refuse() -> None:
        raise BucketError("The store does not answer.", "Look at it.")

    bucket.before_reading[LAYOUT.restore("manual__1")] = refuse
    with pytest.raises(BucketError, match="does not answer"):
        expire(SHOP, bucket, clock=clock)
    assert bucket.deleted == []


RESTORES = st.tuples(
    st.integers(0, 5),
    st.sampled_from(RestoreState),
    st.sampled_from(["swap", "beside", "into", "schema"]),
    st.integers(0, 10),
)


VERDICTS = st.tuples(st.sampled_from([b'{"ok": true}', b'{"ok": false}', b"{"]), st.integers(0, 8))


@given(
    st.lists(RESTORES, max_size=5), st.sets(st.integers(0, 5)), st.dictionaries(st.integers(0, 5), VERDICTS, max_size=4)
)
def test_page_and_listing_say_what_expire_will_do(
    restores: list[tuple[Any, ...]], held: set[int], verdicts: dict[int, tuple[bytes, int]]
) -> None:
    """Whatever is restored, held and proven: the same backups, for the same reasons."""
    clock = Clock()
    bucket = ObservedBucket("vault", clock)
    backups = back_up(bucket, clock, *range(6))
    for number, (backup, state, mode, days_ago) in enumerate(restores):
        clock.now = NOW - days_ago * DAY
        begin_restore(bucket, backups[backup], state=state, mode=mode, run=f"run {number}")
    clock.now = NOW
    for backup, (body, days_ago) in verdicts.items():
        put_when(bucket, clock, days_ago * DAY, LAYOUT.verification(backups[backup]), body)
    for backup in held:
        bucket.put(LAYOUT.hold(backups[backup]), Hold(backups[backup], None, "audit", "bob").to_json())

    page = backups_part(SHOP, build_index(bucket, SHOP, NOW), NOW)
    listing = read_listing(bucket, SHOP, NOW).plan_retention(SHOP.retention, NOW, SHOP.zone)
    report = expire(SHOP, bucket, clock=clock)

    assert {row.backup.backup_id: row.reasons for row in page.rows if row.is_kept} == report.kept == listing.keep
    assert {row.backup.backup_id: row.reasons for row in page.rows if not row.is_kept} == report.expired
    assert {row.backup.backup_id for row in page.rows if row.expires == NOW} == set(report.expired)
    ends = sorted((row.expires, row.backup.backup_id) for row in page.rows if row.is_kept and row.expires is not None)
    for end, backup_id in ends:
        clock.now = end - timedelta(seconds=1)
        assert backup_id in expire(SHOP, bucket, clock=clock).kept
