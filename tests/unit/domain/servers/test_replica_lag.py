"""A replica that rests beside its primary is not behind, and one that hears nothing is not said to be up to date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.servers.replica_lag import ReplicaLag

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
YESTERDAY = datetime(2026, 11, 25, 2, 0, 5, tzinfo=UTC)


def lag(*, receives: bool = True, behind_bytes: int | None = 0, age: timedelta | None = 24 * HOUR) -> ReplicaLag:
    newest = None if age is None else YESTERDAY
    return ReplicaLag(receives=receives, behind_bytes=behind_bytes, newest_change=newest, age=age)


@pytest.mark.parametrize("behind_bytes", [0, -8192])
def test_a_replica_that_has_replayed_all_it_receives_is_not_behind_however_old_the_newest_change_is(
    behind_bytes: int,
) -> None:
    rests = lag(behind_bytes=behind_bytes)
    assert rests.lag == timedelta()
    assert rests.is_within(timedelta())
    assert rests.objection(MINUTE) is None
    assert rests.note == "It was read from a replica that had replayed all that its primary had sent."


def test_a_replica_that_has_not_replayed_all_of_it_is_as_far_behind_as_its_newest_change_is_old() -> None:
    late = lag(behind_bytes=100, age=2 * HOUR)
    assert late.lag == 2 * HOUR
    assert late.note == "It was read from a replica that was 2h behind its primary."
    assert late.is_within(2 * HOUR)
    assert late.objection(HOUR) == (
        "is 2h behind its primary, more than backup.max_replica_lag, 1h",
        "See what holds its replay up, or back up the primary; else raise backup.max_replica_lag.",
    )


def test_a_replica_that_receives_nothing_may_be_as_far_behind_as_its_newest_change_is_old() -> None:
    parted = lag(receives=False)
    assert parted.lag is None
    assert parted.objection(24 * HOUR) is None
    objection = parted.objection(HOUR)
    assert objection is not None
    assert objection[0] == (
        "receives nothing from its primary, so that nobody knows how far it is behind; its newest change is from "
        "2026-11-25 02:00:05 UTC, 1d ago, which may be more than backup.max_replica_lag, 1h"
    )
    assert "set it to null" in objection[1]


@pytest.mark.parametrize(
    ("unknown", "words"),
    [
        (ReplicaLag(receives=True), "does not tell how far it is behind; nor does it tell when its newest change is"),
        (lag(receives=False, age=None), "receives nothing from its primary, so that nobody knows"),
        (lag(behind_bytes=100, age=None), "does not tell how far it is behind"),
    ],
)
def test_what_is_not_known_is_never_within_a_limit(unknown: ReplicaLag, words: str) -> None:
    assert unknown.lag is None
    objection = unknown.objection(10_000 * HOUR)
    assert objection is not None
    assert words in objection[0]
    assert words in unknown.note


def test_without_a_limit_nothing_is_objected_to() -> None:
    assert ReplicaLag(receives=False).objection(None) is None
    assert lag(behind_bytes=100).objection(None) is None
    assert ReplicaLag(receives=False).is_within(None)


def test_a_replica_that_lacks_a_single_byte_has_not_replayed_all_of_it() -> None:
    assert lag(behind_bytes=1, age=HOUR).lag == HOUR


def test_a_moment_whose_age_is_not_told_is_told_alone() -> None:
    parted = ReplicaLag(receives=False, newest_change=YESTERDAY)
    assert "its newest change is from 2026-11-25 02:00:05 UTC." in parted.note
