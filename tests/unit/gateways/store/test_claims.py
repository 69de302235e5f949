"""What claims promise: one id, one backup; a sign of life while it runs; and no waiting for the dead."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest

from dbops.domain.backups.backup import BackupId, Claim
from dbops.domain.backups.catalog import Catalog, Leftover
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.storage import Storage
from dbops.domain.target import Target
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.claims import LIVE_WITHIN, HeldClaim, claim, other_live_claims
from dbops.gateways.store.memory_bucket import InMemoryBucket

NOON = datetime(2026, 11, 22, 12, 0, 0, 400_000, tzinfo=UTC)
TARGET = Target(name="app", connection="app", environment="development", storage=Storage(bucket="backups"))
LAYOUT = Layout(TARGET.root)
OFTEN = timedelta(milliseconds=5)
ID = BackupId("20261122T120000Z")


class SteppingClock:
    """Shows noon, and what has been slept since."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class MoodyBucket(InMemoryBucket):
    """Refuses to write while it is ``moody``; counts what it ``refused`` and ``took``."""

    moody = False
    refused = took = 0

    def __init__(self) -> None:
        super().__init__("backups", lambda: NOON)

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        if self.moody:
            self.refused += 1
            raise BucketError("The store is away.")
        super().put(key, body)
        self.took += 1


def wait_until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("backups", lambda: NOON)


def stored(bucket: Bucket, backup_id: BackupId = ID) -> Claim:
    return Claim.from_json(bucket.get(LAYOUT.started(backup_id)))


def take(bucket: Bucket, clock: Callable[[], datetime] = lambda: NOON, **options: object) -> HeldClaim:
    return claim(bucket, LAYOUT, "app", run="manual", clock=clock, **options)  # type: ignore[arg-type]


def test_a_claim_says_which_backup_runs_where_and_since_when(bucket: InMemoryBucket) -> None:
    with take(bucket) as held:
        assert held.backup_id == ID
    found = stored(bucket)
    assert (found.target, found.backup_id, found.run) == ("app", ID, "manual")
    assert (found.host, found.pid, found.renewed) == (socket.gethostname(), os.getpid(), NOON)


def test_an_id_that_is_taken_is_left_alone_and_the_next_second_s_is_claimed(bucket: InMemoryBucket) -> None:
    clock = SteppingClock()
    bucket.create(LAYOUT.started(ID), b"somebody's")
    held = take(bucket, clock, sleep=clock.sleep)
    assert held.backup_id == "20261122T120001Z"
    assert bucket.get(LAYOUT.started(ID)) == b"somebody's"


def test_a_clock_that_stands_still_does_not_stop_the_search_for_a_free_id(bucket: InMemoryBucket) -> None:
    assert [take(bucket, sleep=lambda _: None).backup_id for _ in range(3)] == [
        "20261122T120000Z",
        "20261122T120001Z",
        "20261122T120002Z",
    ]


def test_the_search_for_a_free_id_ends(bucket: InMemoryBucket) -> None:
    slept: list[float] = []
    for _ in range(60):
        take(bucket, sleep=lambda _: None)
    with pytest.raises(BucketError, match="No backup id of app was free"):
        take(bucket, sleep=slept.append)
    assert slept == [1.0] * 60


def test_claimers_at_the_same_moment_get_different_ids(bucket: InMemoryBucket) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: take(bucket, sleep=lambda _: None).backup_id, range(16)))
    assert len(set(ids)) == 16


def test_a_claim_is_renewed_while_it_is_held_and_not_afterwards() -> None:
    bucket, clock = MoodyBucket(), SteppingClock()
    with take(bucket, clock, renew_every=OFTEN) as held:
        clock.sleep(33)
        wait_until(lambda: stored(bucket).renewed == NOON + timedelta(seconds=33))
    assert stored(bucket) == held.claim
    assert not held._renewals.is_alive()


def test_renewals_that_fail_are_remembered_and_logged_once_and_the_backup_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bucket = MoodyBucket()
    with take(bucket, renew_every=OFTEN) as held:
        bucket.moody = True
        wait_until(lambda: bucket.refused >= 5)
    assert isinstance(held.renewal_failure, BucketError)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "The claim of backup 20261122T120000Z could not be renewed: The store is away." in caplog.text


def test_a_renewal_that_succeeds_again_forgets_the_failure() -> None:
    bucket = MoodyBucket()
    with take(bucket, renew_every=OFTEN) as held:
        bucket.moody = True
        wait_until(lambda: held.renewal_failure is not None)
        bucket.moody = False
        wait_until(lambda: held.renewal_failure is None)


def test_a_released_claim_is_gone_and_no_renewal_brings_it_back() -> None:
    bucket = MoodyBucket()
    with take(bucket, renew_every=OFTEN) as held:
        wait_until(lambda: bucket.took >= 2)
        held.release()
        assert list(bucket.list("")) == []
        held._renewals.join(10)
    assert list(bucket.list("")) == []


def leftover(bucket: Bucket, **changes: object) -> Leftover:
    """A leftover of somebody else whose claim lies in the bucket."""
    running = Claim("app", ID, "other", "elsewhere", 1, NOON, "1")
    changed = replace(running, **changes)  # type: ignore[arg-type]
    bucket.put(LAYOUT.started(ID), changed.to_json())
    return Leftover(ID, changed, NOON, (LAYOUT.started(ID),))


def others(bucket: Bucket, left: Leftover, now: datetime = NOON, mine: BackupId | None = None) -> list[str]:
    found = other_live_claims(bucket, TARGET, Catalog("app", leftovers=(left,)), now=now, mine=mine)
    return [each.run for each in found]


def test_a_claim_is_live_for_two_minutes_after_its_renewal(bucket: InMemoryBucket) -> None:
    left = leftover(bucket)
    assert others(bucket, left, NOON + LIVE_WITHIN - timedelta(seconds=1)) == ["other"]
    assert others(bucket, left, NOON + LIVE_WITHIN) == []


def test_one_s_own_claim_is_not_another_s(bucket: InMemoryBucket) -> None:
    assert others(bucket, leftover(bucket), mine=ID) == []


def test_a_claim_of_a_process_of_this_machine_that_is_gone_is_dead_at_once(bucket: InMemoryBucket) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert others(bucket, leftover(bucket, host=socket.gethostname(), pid=gone.pid)) == []


def test_a_claim_of_a_process_of_this_machine_that_runs_is_live(bucket: InMemoryBucket) -> None:
    assert others(bucket, leftover(bucket, host=socket.gethostname(), pid=os.getpid())) == ["other"]
    assert others(bucket, leftover(bucket, host=socket.gethostname(), pid=1)) == ["other"]


def test_a_process_number_of_another_machine_proves_nothing(bucket: InMemoryBucket) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert others(bucket, leftover(bucket, host="elsewhere", pid=gone.pid)) == ["other"]


def test_a_claim_that_was_released_since_the_catalog_was_read_is_not_live(bucket: InMemoryBucket) -> None:
    left = leftover(bucket)
    bucket.delete(LAYOUT.started(ID))
    assert others(bucket, left) == []


def test_a_leftover_without_a_readable_claim_does_not_block_anybody(bucket: InMemoryBucket) -> None:
    assert others(bucket, Leftover(ID, None, NOON, ("x",))) == []
