"""What InMemoryBucket promises beyond the contract suite: its clock, and its atomicity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from dbops.errors import ObjectExists
from dbops.gateways.store.memory_bucket import InMemoryBucket

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_objects_and_uploads_carry_the_time_of_its_clock() -> None:
    bucket = InMemoryBucket("b", lambda: NOON)
    bucket.put("key", b"")
    bucket.begin_upload("big")
    assert [found.modified for found in bucket.list("")] == [NOON]
    assert [found.begun for found in bucket.unfinished_uploads("")] == [NOON]


def test_of_many_that_create_one_object_at_once_one_succeeds() -> None:
    bucket = InMemoryBucket("b", lambda: NOON)

    def create(number: int) -> bool:
        try:
            bucket.create("claim", str(number).encode())
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(create, range(64)))
    assert bucket.get("claim").decode() == str(created.index(True))
    assert created.count(True) == 1
