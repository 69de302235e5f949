"""Newest objects: the last records of a folder, in order, whatever else lies there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta

import pytest

from dbops.errors import BucketError, ObjectMissing
from dbops.gateways.store.audit import newest_audit, write_audit
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.newest_objects import Newest, newest_by_age, newest_by_name, read_newest
from tests.unit.samples import NOW, Clock, target


@pytest.fixture
def readers() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def number(_key: str, body: bytes) -> int:
    return int(body)


def read(bucket: InMemoryBucket, keys: list[str], readers: Executor, last: int = 9) -> Newest[int]:
    return read_newest(bucket, keys, number, last=last, what="a number", readers=readers)


def test_what_is_named_by_a_time_comes_newest_first_and_what_is_not_is_foreign() -> None:
    bucket = InMemoryBucket("vault", Clock())
    ours = ["20261121T020000Z.json", "20261122T020000Z.json", "20261122T030000Z-swap.json"]
    others = ["notes.json", "20261122T020000Z.txt", "20261199T020000Z.json", "20261122T020000Z/a.json", "x/1.json"]
    for name in [*ours, *others]:
        bucket.put(f"checks/{name}", b"1")
    assert newest_by_name(bucket, "checks/") == [f"checks/{name}" for name in reversed(ours)]


def test_what_is_named_by_its_run_comes_last_written_first() -> None:
    clock = Clock()
    bucket = InMemoryBucket("vault", clock)
    for name in ("scheduled__2", "manual__9", "manual__1"):
        clock.now += timedelta(minutes=1)
        bucket.put(f"restores/{name}.json", b"1")
    bucket.put("restores/readme.txt", b"1")
    assert [key.split("/")[1] for key in newest_by_age(bucket, "restores/")] == [
        "manual__1.json",
        "manual__9.json",
        "scheduled__2.json",
    ]


def test_only_the_last_are_read_and_the_others_counted(readers: Executor) -> None:
    bucket = InMemoryBucket("vault", Clock())
    keys = [f"n/{count}" for count in range(50)]
    for count, key in enumerate(keys):
        bucket.put(key, str(count).encode())
    assert read(bucket, keys, readers, last=20) == Newest(found=tuple(range(20)), older=30)


def test_what_cannot_be_read_is_told_and_hides_nothing(readers: Executor) -> None:
    bucket = InMemoryBucket("vault", Clock())
    bucket.put("n/1", b"1")
    bucket.put("n/2", b"secret")
    found = read(bucket, ["n/0", "n/1", "n/2"], readers)  # the first was deleted since it was listed
    assert found == Newest(
        found=(1,), unreadable=("s3://vault/n/2 is not a number that this version can read.",), older=0
    )


def test_a_store_that_refuses_is_an_error(readers: Executor) -> None:
    class Refusing(InMemoryBucket):
        def get(self, key: str) -> bytes:
            raise BucketError("It refused.") if key == "n/1" else ObjectMissing("gone")

    with pytest.raises(BucketError, match="It refused"):
        read(Refusing("vault", Clock()), ["n/0", "n/1"], readers)


def test_the_audit_trail_is_told_newest_first(readers: Executor) -> None:
    bucket, shop = InMemoryBucket("vault", Clock()), target()
    for hour, action in enumerate(["swap-approved", "swap", "expire"]):
        write_audit(bucket, shop, NOW + timedelta(hours=hour), action, {"requested_by": "alice"})
    found = newest_audit(bucket, shop, last=2, readers=readers)
    assert [(entry.when, entry.action, entry.by) for entry in found.found] == [
        (NOW + timedelta(hours=2), "expire", "alice"),
        (NOW + timedelta(hours=1), "swap", "alice"),
    ]
    assert found.older == 1


def test_an_audit_of_another_target_or_of_no_json_is_told_as_unreadable(readers: Executor) -> None:
    bucket, shop = InMemoryBucket("vault", Clock()), target()
    bucket.put("team/shop/audit/20261122T120000Z-swap.json", b'{"target": "blog"}')
    bucket.put("team/shop/audit/20261122T120001Z-swap.json", b"[1]")
    bucket.put("team/shop/audit/20261122T120002Z-swap.json", b"\xff{")
    found = newest_audit(bucket, shop, last=9, readers=readers)
    assert (found.found, len(found.unreadable)) == ((), 3)
