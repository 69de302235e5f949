"""lost_alerts on in-memory buckets: what notifiers did not take, whatever is wrong with another target's store."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from dbops.domain.notification import Notification
from dbops.domain.target import Target
from dbops.errors import BucketError
from dbops.gateways.bucket import Bucket
from dbops.gateways.memory_bucket import InMemoryBucket
from dbops.gateways.notifications import put_notification
from dbops.jobs.lost_alerts import lost_alerts
from tests.unit.samples import NOW, Clock, target

_HOUR = timedelta(hours=1)
_SHOP, _BLOG = (target(name, alerts={"notify": ["oncall"]}) for name in ("shop", "blog"))


def _told(of: Target, notifier: str = "oncall", refusal: str = "It answered 500.") -> Notification:
    return Notification(
        target=of.name,
        notifier=notifier,
        moment=NOW - _HOUR,
        subject=f"[dbops] FAILED backup of {of.name} (production)",
        run="r1",
        refusal=refusal,
    )


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


@pytest.mark.parametrize("error", [ValueError("password=hunter2"), BucketError("The store did not answer.", "")])
def test_a_target_whose_store_cannot_be_opened_hides_no_alert_of_another(
    bucket: InMemoryBucket, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    put_notification(bucket, _BLOG, _told(_BLOG))

    def open_bucket(of: Target) -> Bucket:
        if of.name == "shop":
            raise error
        return bucket

    with caplog.at_level(logging.DEBUG):
        problems = lost_alerts([_SHOP, _BLOG], open_bucket, NOW)
    assert [problem.target for problem in problems] == ["blog"]
    assert "hunter2" not in caplog.text


def test_only_targets_that_use_notifiers_are_looked_at(bucket: InMemoryBucket) -> None:
    looked: list[str] = []

    def open_bucket(of: Target) -> Bucket:
        looked.append(of.name)
        return bucket

    lost_alerts([_SHOP, target("plain")], open_bucket, NOW)
    assert looked == ["shop"]
