"""Promise: of a restored database that is not swapped in any more somebody is reminded after a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dbops.domain.restores.left_copy import LeftCopy
from dbops.domain.restores.record import RestoreState
from dbops.domain.watch.left_copies import left_problem
from dbops.domain.watch.problem import ProblemKind
from dbops.domain.words.ended import Ended
from tests.unit.restores import BACKUP, RESTORED, record
from tests.unit.samples import DAY, NOW

REJECTED = Ended(word="rejected", why="bob said no: not today", when=NOW, by="bob")


def copy(**changed: Any) -> LeftCopy:
    told = {"state": RestoreState.VERIFIED, "ended": REJECTED, **changed}
    return LeftCopy(RESTORED, NOW, (record(**told),))


def test_a_day_after_the_no_somebody_is_reminded_with_its_reason_and_every_way_on() -> None:
    problem = left_problem(copy(), NOW + DAY)

    assert problem is not None
    assert (problem.kind, problem.target, problem.since) == (ProblemKind.LEFT_COPY, "shop", NOW)
    assert problem.key == f"shop: {ProblemKind.LEFT_COPY}: {RESTORED}"
    assert problem.sentence == (
        f"The database {RESTORED}, into which backup {BACKUP} was loaded for a swap on 2026-11-22, is still there and "
        "takes its disk. The run manual__1 was rejected: bob said no: not today."
    )
    assert f'DROP DATABASE "{RESTORED}";' in problem.remedy
    assert "step 9" in problem.remedy


def test_what_was_not_proven_is_only_to_be_dropped() -> None:
    problem = left_problem(copy(state=RestoreState.FAILED, ended=None), NOW + DAY)

    assert problem is not None
    assert "The run manual__1 came as far as failed." in problem.sentence
    assert problem.remedy == f'Drop it (DROP DATABASE "{RESTORED}";).'


def test_nobody_is_reminded_on_the_first_day() -> None:
    assert left_problem(copy(), NOW + DAY - timedelta(seconds=1)) is None
