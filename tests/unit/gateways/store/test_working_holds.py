"""Promise: a drill holds its backup while it works, and for a time that ends where it was killed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.hold import LONGEST_STEP
from dbops.errors import BucketError, RestoreFailed
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.working_holds import held_by_drill, working_holds
from tests.unit.samples import DAY, NOW, Clock, target

SHOP = target()
OLD = BackupId.at(NOW - 30 * DAY)


class StubbornBucket(InMemoryBucket):
    """Takes nothing new once it is ``full``."""

    full = False

    def put(self, key: str, body: Any) -> None:
        if self.full:
            raise BucketError("The store is full.")
        super().put(key, body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> StubbornBucket:
    return StubbornBucket("vault", clock)


def held(bucket: StubbornBucket, clock: Clock) -> list[BackupId]:
    return [hold.backup_id for hold in working_holds(bucket, SHOP, clock.now)]


def test_it_is_held_from_the_beginning_to_the_end_of_the_drill(bucket: StubbornBucket, clock: Clock) -> None:
    with held_by_drill(bucket, SHOP, OLD, run="nightly", clock=clock):
        clock.now += DAY
        [hold] = working_holds(bucket, SHOP, clock.now)
        assert "by dbops: its drill in the run nightly has not ended" in hold.sentence()
    assert held(bucket, clock) == []


def test_a_drill_that_fails_holds_nothing_afterwards(bucket: StubbornBucket, clock: Clock) -> None:
    with pytest.raises(RestoreFailed), held_by_drill(bucket, SHOP, OLD, run="nightly", clock=clock):
        raise RestoreFailed("The server went away.")
    assert held(bucket, clock) == []


def test_one_that_cannot_say_its_end_or_was_killed_holds_it_for_a_week(bucket: StubbornBucket, clock: Clock) -> None:
    with held_by_drill(bucket, SHOP, OLD, run="nightly", clock=clock):
        bucket.full = True
    clock.now += LONGEST_STEP - timedelta(seconds=1)
    assert held(bucket, clock) == [OLD]
    clock.now += timedelta(seconds=1)
    assert held(bucket, clock) == []


def test_a_clock_that_is_years_ahead_holds_nothing_for_years(bucket: StubbornBucket, clock: Clock) -> None:
    """What counts besides the drill's own clock is when the store has written its hold."""
    ahead = Clock(NOW + 3650 * DAY)
    with held_by_drill(bucket, SHOP, OLD, run="nightly", clock=ahead):
        assert held(bucket, clock) == [OLD]
        clock.now += LONGEST_STEP
        assert held(bucket, clock) == []


def test_the_next_attempt_of_the_same_run_ends_what_a_killed_one_has_left(bucket: StubbornBucket, clock: Clock) -> None:
    with held_by_drill(bucket, SHOP, OLD, run="nightly", clock=clock):
        bucket.full = True
    bucket.full = False
    with held_by_drill(bucket, SHOP, OLD, run="nightly", clock=clock):
        pass
    assert held(bucket, clock) == []
