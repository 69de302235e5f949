"""What a task has told of its backup the watch takes for told, until it remembers that itself; and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.report import WatchReport
from dbops.domain.watch.told_backup import ToldBackup
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.told_backups import put_told_backup
from dbops.jobs.watch.read_left import read_left
from dbops.jobs.watch.told_by_tasks import ToldByTasks
from dbops.jobs.watch.watch import watch
from tests.unit.samples import NOW, Clock, manifest, store_backup, target

BACKUP = BackupId.at(NOW - timedelta(hours=1))
SHOP = target("shop", alerts={"recipients": ["dba@shop.internal"], "smaller_than": "1TiB"})
BLOG = target("blog", alerts={"recipients": ["dba@shop.internal"]})
KEY = f"shop: backup is too small: {BACKUP}"
TOLD = ToldBackup(backup_id=BACKUP, moment=NOW - timedelta(minutes=50))


@pytest.fixture
def bucket() -> InMemoryBucket:
    made = InMemoryBucket("vault", Clock())
    store_backup(made, Layout(SHOP.root), manifest(BACKUP))
    return made


def told_of(targets: Sequence[Target], open_bucket: Callable[[Target], Bucket]) -> ToldByTasks:
    return ToldByTasks(read_left(targets, open_bucket), open_bucket)


def watched(
    bucket: Bucket, told: Mapping[str, datetime], memory: Mapping[str, datetime], after: timedelta = timedelta(0)
) -> WatchReport:
    return watch(
        [SHOP],
        [],
        lambda _: bucket,
        clock=lambda: NOW + after,
        memory=memory,
        names=IncludedNames(frozenset({"shop"}), frozenset()),
        known=KnownTargets(),
        ping=lambda _: None,
        exists=lambda *_: False,
        told=told,
    )


def test_what_a_task_has_told_is_a_problem_still_and_not_due_before_a_day_is_over(bucket: InMemoryBucket) -> None:
    put_told_backup(bucket, SHOP, TOLD)
    told = told_of([SHOP], lambda _: bucket)

    assert told.moments == {KEY: TOLD.moment}
    report = watched(bucket, told.moments, {})
    assert ([problem.key for problem in report.problems], report.due) == ([KEY], ())
    assert report.memory == told.moments
    later = watched(bucket, {}, report.memory, after=timedelta(hours=23))
    assert [problem.key for problem in later.due if problem.key == KEY] == [KEY]


def test_without_a_word_of_it_the_watch_tells_it_now(bucket: InMemoryBucket) -> None:
    assert [problem.key for problem in watched(bucket, {}, {}).due] == [KEY]


def test_of_a_backup_that_is_not_too_small_nothing_is_remembered_or_over(bucket: InMemoryBucket) -> None:
    other = {"shop: backup is too small: 20200101T000000Z": NOW}

    report = watched(bucket, other, {})

    assert report.recovered == ()
    assert report.memory.keys() == {KEY}


def test_what_the_watch_has_told_itself_counts_and_not_what_a_task_says_of_it(bucket: InMemoryBucket) -> None:
    own = {KEY: NOW - timedelta(hours=2)}

    assert watched(bucket, {KEY: NOW}, own).memory == own


def test_a_moment_that_is_to_come_silences_nothing(bucket: InMemoryBucket) -> None:
    assert [one.key for one in watched(bucket, {KEY: NOW + timedelta(days=400)}, {}).due] == [KEY]


def test_it_is_forgotten_once_the_watch_remembers_and_not_what_was_told_meanwhile(bucket: InMemoryBucket) -> None:
    put_told_backup(bucket, SHOP, TOLD)
    told = told_of([SHOP], lambda _: bucket)
    newer = ToldBackup(backup_id=BackupId.at(NOW), moment=NOW)
    put_told_backup(bucket, SHOP, newer)

    told.forget()

    assert told_of([SHOP], lambda _: bucket).moments == {newer.key_of("shop"): NOW}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"backup_id": "x", "moment": "2026-11-22T00:00:00Z"}', b"{}"])
def test_what_cannot_be_read_silences_nothing(bucket: InMemoryBucket, body: bytes) -> None:
    bucket.put(Layout(SHOP.root).told_backup(BACKUP), body)

    assert told_of([SHOP], lambda _: bucket).moments == {}


def test_a_bucket_that_does_not_answer_hides_nothing_of_the_others(
    bucket: InMemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    put_told_backup(bucket, SHOP, TOLD)

    def opened(of: Target) -> Bucket:
        if of.name == "blog":
            raise BucketError("The store does not answer.", "")
        return bucket

    with caplog.at_level(logging.WARNING):
        told = told_of([BLOG, SHOP], opened)
    assert told.moments == {KEY: TOLD.moment}
    assert "what was reported about its backups may be reported again: The store does not answer." in caplog.text


def test_what_cannot_be_forgotten_is_said_and_nothing_is_raised(
    bucket: InMemoryBucket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_told_backup(bucket, SHOP, TOLD)
    told = told_of([SHOP], lambda _: bucket)

    def refused(_: str) -> None:
        raise BucketError("It may not be deleted.", "")

    monkeypatch.setattr(bucket, "delete", refused)
    told.forget()
    assert "about the backups of shop is still kept: It may not be deleted." in caplog.text


def test_who_hears_nothing_is_asked_nothing(bucket: InMemoryBucket) -> None:
    asked: list[str] = []

    def opened(of: Target) -> Bucket:
        asked.append(of.name)
        return bucket

    assert told_of([target("quiet", alerts={"recipients": []}, environment="development")], opened).moments == {}
    assert asked == []
