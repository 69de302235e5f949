"""A watch right after a backup leaves it to its task to tell that it is too small, and nothing stays untold by that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.problem import Problem, ProblemKind
from dbops.domain.watch.report import WatchReport
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.watch.watch import watch
from tests.unit.samples import NOW, Clock, manifest, store_backup, target

SHOP = target(
    "shop",
    alerts={"recipients": ["dba@shop.internal"], "smaller_than": "1KiB", "shrunk_by": 100, "late_after": "30d"},
    schedule={"drill": None, "check": None, "probe": None},
)


@dataclass(frozen=True)
class Made:
    """A backup, finished ``gap`` minutes after the last one; its task ``tells`` what is odd so many minutes later."""

    gap: int
    is_small: bool
    tells: int | None


_TELLS = st.integers(0, 9)
_HISTORY = st.lists(st.builds(Made, st.integers(1, 150), st.booleans(), st.none() | _TELLS), min_size=1, max_size=8)
_TOLD_HISTORY = st.lists(st.builds(Made, st.integers(1, 150), st.booleans(), _TELLS), min_size=1, max_size=8)


def hourly(history: Sequence[Made]) -> tuple[list[WatchReport], dict[str, datetime]]:
    """The reports of a watch each hour, until two hours after the last backup, and when tasks told which problem."""
    bucket = InMemoryBucket("vault", Clock())
    finished = [NOW + timedelta(minutes=minutes) for minutes in accumulate(made.gap for made in history)]
    told = {
        f"shop: backup is too small: {BackupId.at(end)}": end + timedelta(minutes=made.tells)
        for end, made in zip(finished, history, strict=True)
        if made.is_small and made.tells is not None
    }
    left = dict(zip(finished, history, strict=True))
    heard: set[str] = set()
    memory: dict[str, datetime] = {}
    reports, now = [], NOW
    while now <= finished[-1] + timedelta(hours=2):
        for end in [end for end in left if end <= now]:
            made = left.pop(end)
            one = manifest(BackupId.at(end), stored=10 if made.is_small else 5000, finished=end)
            store_backup(bucket, Layout(SHOP.root), one)
        there = {key: moment for key, moment in told.items() if moment <= now and key not in heard}
        report = watch(
            [SHOP], [], lambda _: bucket, clock=partial(lambda moment: moment, now), memory=memory,
            names=IncludedNames(frozenset({"shop"}), frozenset()), known=KnownTargets(), ping=lambda _: None,
            exists=lambda *_: False, told=there,
        )  # fmt: skip
        heard |= there.keys()
        memory = report.memory
        reports.append(report)
        now += timedelta(hours=1)
    return reports, told


def small(problems: Sequence[Problem]) -> set[str]:
    return {problem.key for problem in problems if problem.kind is ProblemKind.SHRUNK}


@pytest.mark.parametrize(("tells", "is_due"), [(None, [False, False, True]), (2, [False, False, False])])
def test_a_backup_that_is_just_finished_is_a_problem_and_told_by_the_next_watch_if_nobody_has(
    tells: int | None, is_due: list[bool]
) -> None:
    reports, _ = hourly([Made(59, True, tells)])
    assert [bool(small(report.problems)) for report in reports] == [False, True, True]
    assert [bool(small(report.due)) for report in reports] == is_due


@given(_HISTORY)
@example([Made(55, True, None), Made(150, False, None)])
@example([Made(55, True, None), Made(60, True, None), Made(60, True, None)])
def test_what_two_watches_find_somebody_has_told_by_then(history: list[Made]) -> None:
    reports, told = hourly(history)
    heard: set[str] = set()
    for before, report in pairwise(reports):
        heard |= small(before.due)
        by_tasks = {key for key, moment in told.items() if moment <= report.started}
        known = heard | small(report.due) | by_tasks
        assert small(report.problems) & small(before.problems) <= known
        if small(report.problems) and small(before.problems):  # another one after each watch
            assert known & (small(report.problems) | small(before.problems)), "small for an hour, and nobody knows"


@given(_TOLD_HISTORY)
@example([Made(60, True, 1), Made(60, True, 9)])
def test_what_a_task_tells_within_ten_minutes_is_never_told_by_a_watch_within_the_day(history: list[Made]) -> None:
    reports, _ = hourly(history)
    assert [small(report.due) for report in reports] == [set()] * len(reports)
