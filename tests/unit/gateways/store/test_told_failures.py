"""Promise: the last failure of each job is kept for itself, and what cannot be read is none."""

from __future__ import annotations

import pytest

from dbops.domain.alerts.told_failure import ToldFailure
from dbops.domain.backups.layout import Layout
from dbops.gateways.store.left_by_tasks import LeftByTasks, left_by_tasks
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.told_failures import find_told_failure, put_told_failure
from tests.unit.samples import NOW, Clock, target

SHOP = target("shop")
TOLD = ToldFailure(run="scheduled__1", moment=NOW)


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


def test_a_job_is_not_told_of_by_anothers(bucket: InMemoryBucket) -> None:
    put_told_failure(bucket, SHOP, "drill", TOLD)

    assert find_told_failure(bucket, SHOP, "drill") == TOLD
    assert find_told_failure(bucket, SHOP, "backup") is None


def test_a_later_word_takes_the_place_of_the_one_before(bucket: InMemoryBucket) -> None:
    put_told_failure(bucket, SHOP, "drill", TOLD)
    over = ToldFailure(run="scheduled__1", moment=NOW, is_over=True)
    put_told_failure(bucket, SHOP, "drill", over)

    assert find_told_failure(bucket, SHOP, "drill") == over


@pytest.mark.parametrize("body", [b"", b"[]", b'{"run": "r"}', TOLD.to_json().replace(b'"format": 1', b'"format": 2')])
def test_what_is_no_such_word_is_none(bucket: InMemoryBucket, body: bytes) -> None:
    bucket.put(Layout(SHOP.root).told_failure("drill"), body)

    assert find_told_failure(bucket, SHOP, "drill") is None


def test_it_is_nothing_that_the_watch_is_to_tell(bucket: InMemoryBucket) -> None:
    put_told_failure(bucket, SHOP, "drill", TOLD)

    assert left_by_tasks(bucket, SHOP) == LeftByTasks()
