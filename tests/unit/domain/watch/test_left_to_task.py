"""What is odd about a backup that was finished minutes ago is left to its task, once, and never for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.watch.left_to_task import LEFT, heard, left_to_tasks
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from tests.unit.samples import target

NOW = datetime(2026, 11, 22, 3, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def small(ago: timedelta, name: str = "shop", kind: ProblemKind = ProblemKind.SHRUNK) -> Problem:
    """The problem of a backup that was finished so long ago."""
    return problem_of(
        target(name), kind, "It is small.", "Look.", detail=f"20261122T{ago.seconds:06}Z", since=NOW - ago
    )


@pytest.mark.parametrize(
    ("ago", "is_left"), [(0 * MINUTE, True), (-MINUTE, True), (9.9 * MINUTE, True), (10 * MINUTE, False)]
)
def test_for_ten_minutes_its_task_may_still_tell_it(ago: timedelta, is_left: bool) -> None:
    assert left_to_tasks([small(ago)], {}, NOW) == ({small(ago).key} if is_left else set())


@pytest.mark.parametrize("kind", [kind for kind in ProblemKind if kind is not ProblemKind.SHRUNK])
def test_what_no_task_tells_is_left_to_none(kind: ProblemKind) -> None:
    assert left_to_tasks([small(MINUTE, kind=kind)], {}, NOW) == frozenset()


@pytest.mark.parametrize("moment", [LEFT, NOW - timedelta(days=2), NOW - timedelta(hours=1)])
def test_what_the_watch_has_left_or_told_before_it_leaves_to_nobody(moment: datetime) -> None:
    assert left_to_tasks([small(MINUTE)], {small(MINUTE).key: moment}, NOW) == frozenset()


def test_after_one_that_its_task_has_not_told_the_next_is_left_to_nobody_and_those_of_others_are() -> None:
    before = small(timedelta(hours=1)).key
    other = small(MINUTE, "blog")
    assert left_to_tasks([small(MINUTE), other], {before: LEFT}, NOW) == {other.key}
    assert left_to_tasks([small(MINUTE), other], {before: NOW}, NOW) == {small(MINUTE).key, other.key}


def test_what_was_left_to_a_task_counts_as_told_when_that_has_told_it_even_if_it_is_over() -> None:
    key = small(MINUTE).key
    assert heard({key: LEFT}, {key: NOW}, {key}) == {key: NOW}
    assert heard({key: LEFT}, {key: NOW}, ()) == {key: NOW}
    assert heard({key: LEFT}, {}, {key}) == {key: LEFT}


def test_what_the_watch_has_told_counts_as_it_was_and_of_what_is_over_nothing_is_heard() -> None:
    key = small(MINUTE).key
    told = NOW - timedelta(hours=5)
    assert heard({key: told}, {key: NOW}, {key}) == {key: told}
    assert heard({}, {key: NOW}, {key}) == {key: NOW}
    assert heard({}, {key: NOW}, ()) == {}
