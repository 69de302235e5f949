"""The index follows what changes the bucket, at no price for the job that changed it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.report import Verdict
from dbops.domain.target_index.target_index import IndexedChecks, IndexedProbes, TargetIndex
from dbops.errors import BucketError
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.target_indexes import build_index, read_index, update_index
from dbops.jobs.backups.expire import expire
from dbops.jobs.backups.holds import hold, release
from dbops.jobs.target_index.refresh_index import refresh_checks, refresh_index, refresh_probes, refresh_rehearsal
from tests.unit.probe_samples import probe_run
from tests.unit.restores import rehearsal
from tests.unit.samples import DAY, NOW, Clock, check_run, manifest, store_backup, target

SHOP = target(retention={"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1})
LAYOUT = Layout(SHOP.root)
OLD = BackupId.at(NOW - 3 * DAY)


class CountingBucket(InMemoryBucket):
    """Keeps the keys of what is read; while ``refusal`` is set, the index is not taken."""

    refusal: Exception | None = None

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name, clock)
        self.got: list[str] = []

    def get(self, key: str) -> bytes:
        self.got.append(key)
        return super().get(key)

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        if self.refusal is not None and key == LAYOUT.index:
            raise self.refusal
        super().put(key, body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> CountingBucket:
    made = CountingBucket("vault", clock)
    for day in (1, 2, 3):
        store_backup(made, LAYOUT, manifest(NOW - day * DAY))
    return made


def index_of(bucket: CountingBucket) -> TargetIndex:
    index = read_index(bucket, SHOP)
    assert index is not None
    return index


def test_it_is_built_and_written_as_the_watch_does(bucket: CountingBucket, clock: Clock) -> None:
    assert refresh_index(SHOP, bucket, clock) == ""
    assert index_of(bucket) == build_index(bucket, SHOP, NOW)


def test_what_was_expired_is_gone_from_it(bucket: CountingBucket, clock: Clock) -> None:
    refresh_index(SHOP, bucket, clock)
    report = expire(SHOP, bucket, clock=clock)

    assert list(report.expired) == [OLD]
    assert OLD not in {backup.backup_id for backup in index_of(bucket).backups}


def test_an_expiry_that_only_says_what_it_would_do_writes_none(bucket: CountingBucket, clock: Clock) -> None:
    expire(SHOP, bucket, clock=clock, dry_run=True)
    assert read_index(bucket, SHOP) is None


def test_a_hold_is_in_it_until_it_is_released(bucket: CountingBucket, clock: Clock) -> None:
    held = hold(SHOP, bucket, OLD, until=None, reason="audit", by="alice", clock=clock)
    assert [backup.hold for backup in index_of(bucket).backups] == [held, None, None]
    release(SHOP, bucket, OLD, clock=clock)
    assert [backup.hold for backup in index_of(bucket).backups] == [None, None, None]


def test_checks_and_probes_put_in_their_section_and_read_no_manifest(bucket: CountingBucket, clock: Clock) -> None:
    refresh_index(SHOP, bucket, clock)
    before = index_of(bucket)
    clock.now += DAY
    checks, probes = check_run(started=clock.now), probe_run(started=clock.now)
    bucket.got.clear()

    assert (refresh_checks(SHOP, bucket, checks, clock), refresh_probes(SHOP, bucket, probes, clock)) == ("", "")

    assert bucket.got == [LAYOUT.index] * 4  # each time to add to it, and whether it is still the same
    after = index_of(bucket)
    assert after.checks is not None
    assert after.probes is not None
    assert (after.checks.check_id, after.probes.probe_id) == (checks.check_id, probes.probe_id)
    assert replace(after, checks=None, probes=None) == before  # also ``written``: the backups were not looked at


@pytest.mark.parametrize("body", [None, b'{"format": 1}'], ids=["none", "one of another format"])
def test_checks_build_all_of_it_where_there_is_none_to_add_to(
    bucket: CountingBucket, clock: Clock, body: bytes | None
) -> None:
    if body:
        bucket.put(LAYOUT.index, body)
    run = check_run(started=NOW)
    assert refresh_checks(SHOP, bucket, run, clock) == ""
    index = index_of(bucket)
    assert len(index.backups) == 3
    assert index.checks is not None
    assert index.checks.check_id == run.check_id


def test_that_it_could_not_be_written_is_logged_and_makes_no_job_less_ok(
    bucket: CountingBucket, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.refusal = BucketError("The store refused to write it.", "")
    sentence = "The index of shop could not be written: The store refused to write it."

    assert refresh_index(SHOP, bucket, clock) == sentence
    assert sentence in caplog.text
    caplog.clear()
    held = hold(SHOP, bucket, OLD, until=None, reason="audit", by="alice", clock=clock)
    assert bucket.get(LAYOUT.hold(OLD)) == held.to_json()
    assert sentence in caplog.text
    release(SHOP, bucket, OLD, clock=clock)
    caplog.clear()
    report = expire(SHOP, bucket, clock=clock)
    assert (list(report.expired), report.warnings, report.verdict) == ([OLD], (), Verdict.OK)
    assert sentence in caplog.text


def test_of_an_unexpected_error_the_text_is_not_shown(bucket: CountingBucket, clock: Clock) -> None:
    bucket.refusal = RuntimeError("password=hunter2")
    assert refresh_index(SHOP, bucket, clock) == (
        "The index of shop could not be written: an unexpected RuntimeError, see the log."
    )


def test_an_index_that_was_built_earlier_and_is_written_later_undoes_nothing(
    bucket: CountingBucket, clock: Clock
) -> None:
    stale = build_index(bucket, SHOP, NOW)
    clock.now += timedelta(minutes=1)
    store_backup(bucket, LAYOUT, manifest(NOW))
    run = check_run(started=NOW)
    put_check_run(bucket, SHOP, run)
    refresh_index(SHOP, bucket, clock)
    fresh = index_of(bucket)
    update_index(bucket, SHOP, stale)
    assert index_of(bucket) == fresh
    assert fresh.checks is not None
    assert len(fresh.backups) == 4


def test_checks_that_end_while_all_is_read_are_not_undone(bucket: CountingBucket, clock: Clock) -> None:
    refresh_index(SHOP, bucket, clock)
    clock.now += DAY
    built = build_index(bucket, SHOP, clock.now)
    began = clock.now - timedelta(minutes=2)
    checks, probes = check_run(started=began), probe_run(started=began)
    refresh_checks(SHOP, bucket, checks, clock)
    refresh_probes(SHOP, bucket, probes, clock)
    update_index(bucket, SHOP, built)
    index = index_of(bucket)
    assert (index.checks, index.probes) == (IndexedChecks.of(checks), IndexedProbes.of(probes))
    assert replace(index, checks=None, probes=None) == built


def test_a_rehearsal_puts_its_own_section_in_and_reads_no_manifest(bucket: CountingBucket, clock: Clock) -> None:
    refresh_index(SHOP, bucket, clock)
    before = read_index(bucket, SHOP)
    assert before is not None
    clock.now += timedelta(minutes=5)
    bucket.got.clear()
    made = rehearsal(planned=clock.now, refusals=("The role may not.",))
    assert refresh_rehearsal(SHOP, bucket, made, clock) == ""
    assert set(bucket.got) == {LAYOUT.index}
    assert read_index(bucket, SHOP) == replace(before, rehearsal=made)
