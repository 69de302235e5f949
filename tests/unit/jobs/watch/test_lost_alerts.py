"""lost_alerts on in-memory buckets: what notifiers did not take, whatever is wrong with another target's store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from dbops.domain.target import Target
from dbops.domain.watch.notification import LostAlerts, Notification
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.notifications import put_notification
from dbops.jobs.watch.forget_alerts import forget_alerts
from dbops.jobs.watch.lost_alerts import lost_alerts
from dbops.jobs.watch.read_left import read_left
from tests.unit.samples import NOW, Clock, target

_HOUR = timedelta(hours=1)
_SHOP, _BLOG = (target(name, alerts={"notify": ["oncall"]}) for name in ("shop", "blog"))


def _lost_of(targets: Sequence[Target], open_bucket: Callable[[Target], Bucket]) -> list[LostAlerts]:
    return lost_alerts(read_left(targets, open_bucket), open_bucket, NOW)


def _lost(of: Target, *, ago: timedelta = _HOUR) -> Notification:
    return Notification(
        target=of.name,
        notifier="oncall",
        moment=NOW - ago,
        subject=f"[dbops] FAILED backup of {of.name} (production)",
        run="r1",
        refusal="It answered 500.",
    )


class _Undeletable(InMemoryBucket):
    def delete(self, key: str) -> None:
        raise BucketError(f"The store refused to delete {key}.", "Grant s3:DeleteObject.")


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


@pytest.mark.parametrize("error", [ValueError("password=hunter2"), BucketError("The store did not answer.", "")])
def test_a_target_whose_store_cannot_be_opened_hides_no_alert_of_another(
    bucket: InMemoryBucket, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    put_notification(bucket, _BLOG, _lost(_BLOG))

    def open_bucket(of: Target) -> Bucket:
        if of.name == "shop":
            raise error
        return bucket

    with caplog.at_level(logging.DEBUG):
        lost = _lost_of([_SHOP, _BLOG], open_bucket)
    assert [one.problem.target for one in lost] == ["blog"]
    assert "hunter2" not in caplog.text


def test_only_targets_that_use_notifiers_are_looked_at(bucket: InMemoryBucket) -> None:
    looked: list[str] = []

    def open_bucket(of: Target) -> Bucket:
        looked.append(of.name)
        return bucket

    _lost_of([_SHOP, target("plain")], open_bucket)
    assert looked == ["shop"]


def test_a_refusal_outlives_every_later_one_until_just_those_that_were_told_are_forgotten(
    bucket: InMemoryBucket,
) -> None:
    first, second, meanwhile = (_lost(_SHOP, ago=hours * _HOUR) for hours in (3, 2, 1))
    put_notification(bucket, _SHOP, first)
    put_notification(bucket, _SHOP, second)
    [told] = _lost_of([_SHOP], lambda _: bucket)
    assert told.notifications == (first, second)
    put_notification(bucket, _SHOP, meanwhile)
    forget_alerts(told, _SHOP, lambda _: bucket)
    [left] = _lost_of([_SHOP], lambda _: bucket)
    assert left.notifications == (meanwhile,)


def test_what_has_been_told_for_a_week_is_deleted(bucket: InMemoryBucket) -> None:
    put_notification(bucket, _SHOP, _lost(_SHOP, ago=timedelta(days=8)))
    assert _lost_of([_SHOP], lambda _: bucket) == []
    assert list(bucket.list("")) == []


def test_what_was_told_for_a_week_and_may_not_be_deleted_hides_nothing_that_was_lost_since(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bucket = _Undeletable("vault", Clock())
    later = _lost(_SHOP)
    put_notification(bucket, _SHOP, _lost(_SHOP, ago=timedelta(days=8)))
    put_notification(bucket, _SHOP, later)
    [lost] = _lost_of([_SHOP], lambda _: bucket)
    assert lost.notifications == (later,)
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "shop" in said
    assert "The store refused to delete " in said


def test_what_cannot_be_forgotten_is_told_again_and_hinders_nobody(
    bucket: InMemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    error = ValueError("password=hunter2")

    def closed(_of: Target) -> Bucket:
        raise error

    put_notification(bucket, _SHOP, _lost(_SHOP))
    lost = _lost_of([_SHOP], lambda _: bucket)
    forget_alerts(lost[0], _SHOP, closed)
    assert _lost_of([_SHOP], lambda _: bucket) == lost
    assert "hunter2" not in caplog.text
