"""The audit: written once, whatever else is written in the same second."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from dbops.domain.backups.layout import Layout
from dbops.gateways.store.audit import newest_audit, write_audit, write_run_audit
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.unit.samples import NOW, Clock, target


def test_it_says_what_was_done_to_which_target() -> None:
    bucket = InMemoryBucket("vault", Clock())
    key = write_audit(bucket, target(), NOW, "swap", {"by": "alice", "größe": 3})
    assert key == "team/shop/audit/20261122T120000Z-swap.json"
    assert json.loads(bucket.get(key)) == {"action": "swap", "target": "shop", "by": "alice", "größe": 3}


def test_two_actions_of_one_second_are_both_kept() -> None:
    bucket = InMemoryBucket("vault", Clock())
    keys = [write_audit(bucket, target(), NOW, "swap", {"number": number}) for number in range(3)]
    assert [json.loads(bucket.get(key))["number"] for key in keys] == [0, 1, 2]
    assert len(set(keys)) == 3


def test_different_actions_of_one_second_have_the_same_time() -> None:
    bucket = InMemoryBucket("vault", Clock())
    write_audit(bucket, target(), NOW, "swap", {})
    assert write_audit(bucket, target(), NOW, "expire", {}) == "team/shop/audit/20261122T120000Z-expire.json"
    assert write_audit(bucket, target(), NOW + timedelta(seconds=1), "swap", {}).endswith("20261122T120001Z-swap.json")


def test_what_a_run_has_done_once_is_written_once_however_often_its_task_is_cleared() -> None:
    bucket, since = InMemoryBucket("vault", Clock()), NOW - timedelta(hours=5)

    def write(run: str, later: timedelta, action: str = "swap") -> str:
        return write_run_audit(bucket, target(), NOW + later, action, {"run": run}, since=since)

    unreadable = Layout(target().root).audit(NOW + timedelta(hours=1), "swap")
    bucket.put(unreadable, b"{")
    before = write_audit(bucket, target(), since - timedelta(seconds=1), "swap", {"run": "mine"})
    mine = write("mine", timedelta())
    others = [write("another", timedelta(hours=2)), write("mine", timedelta(), "swap-back")]

    assert write("mine", timedelta(hours=3)) == mine
    assert {stored.key for stored in bucket.list("team/shop/audit/")} == {unreadable, before, mine, *others}
    assert len({unreadable, before, mine, *others}) == 5


@pytest.mark.parametrize(
    "body", ["[" * 5000, '{"target": "shop", "reason": "\\ud800"}', "{}"], ids=["deep", "half", "other"]
)
def test_an_entry_that_cannot_be_shown_is_named_and_hides_no_other(body: str) -> None:
    bucket = InMemoryBucket("vault", Clock())
    write_audit(bucket, target(), NOW, "swap", {"reason": "an accident"})
    bad = Layout(target().root).audit(NOW, "expire")
    bucket.put(bad, body.encode())
    with ThreadPoolExecutor(1) as readers:
        found = newest_audit(bucket, target(), last=10, readers=readers)
    assert [entry.action for entry in found.found] == ["swap"]
    assert bad in found.unreadable[0]


def test_numbers_that_nobody_can_have_counted_are_not_shown() -> None:
    bucket = InMemoryBucket("vault", Clock())
    write_audit(bucket, target(), NOW, "expire", {"freed_bytes": 10**400, "objects": 10**400, "reason": "old"})
    with ThreadPoolExecutor(1) as readers:
        [entry] = newest_audit(bucket, target(), last=10, readers=readers).found
    assert entry.facts == (("reason", "old"),)
