"""Promise: that a restore would be refused is told before anybody needs it, with its reasons and every way on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.watch.light import Light
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from dbops.domain.watch.problem_alerts import problem_alerts
from dbops.domain.watch.reasons import reasons_of
from dbops.domain.watch.restore_refused import refused_restores
from tests.unit.page_samples import index
from tests.unit.restores import BACKUP, rehearsal
from tests.unit.samples import NOW, target

CREATEDB = 'The role dbops may not create databases: ALTER ROLE "dbops" CREATEDB.'
RENAME = "The role dbops may not rename shop."
REFUSED: dict[str, Any] = {"role": "dbops", "refusals": (CREATEDB, RENAME)}


def found(*, allow: tuple[str, ...] = (), **told: Any) -> list[Problem]:
    return refused_restores(target(allow=allow), index(rehearsal=rehearsal(**told)))


def test_all_that_stands_in_the_way_stands_for_itself_and_every_way_on_in_the_remedy() -> None:
    (problem,) = found(**REFUSED)

    assert (problem.kind, problem.key) == (ProblemKind.RESTORE_REFUSED, "shop: restore would be refused")
    assert problem.sentence == (
        f"A restore of shop would be refused, planned 2026-11-22 12:00 UTC with backup {BACKUP} as the role dbops."
    )
    assert problem.points == (CREATEDB, RENAME)
    assert problem.told == f"{problem.sentence} {CREATEDB} {RENAME} {problem.remedy}"
    for way in ("`python -m dbops rehearse shop`", "docs/restore.md", "allow: [restored_elsewhere]"):
        assert way in problem.remedy


def test_what_is_ready_or_was_not_rehearsed_yet_is_no_problem() -> None:
    assert found() == []
    assert refused_restores(target(), index(rehearsal=None)) == []


def test_a_target_that_is_restored_elsewhere_on_purpose_is_left_alone() -> None:
    assert found(allow=("restored_elsewhere",), **REFUSED) == []


@pytest.mark.parametrize(("hours", "is_told"), [(2, False), (3, True)])
def test_that_nobody_answers_is_told_after_three_hours_and_since_when(hours: int, is_told: bool) -> None:
    planned = NOW + timedelta(hours=hours)
    problems = found(unknown="The database cannot be used.", unknown_since=NOW, planned=planned)
    assert [problem.since for problem in problems] == ([NOW] if is_told else [])


def test_it_is_a_warning_about_the_restore_and_no_alarm() -> None:
    (told,) = problem_alerts(found(**REFUSED), {"shop": target()}, [], None)
    assert told.alert.subject == "[dbops] WARNING restore of shop (development)"
    assert told.alert.details == (CREATEDB, RENAME)


def test_beside_something_worse_it_is_one_of_the_details_with_all_that_stands_in_the_way() -> None:
    (refused,) = found(**REFUSED)
    late = problem_of(target(), ProblemKind.LATE, "It is late.", "Look why.")
    (told,) = problem_alerts([late, refused], {"shop": target()}, [], None)
    assert (told.alert.headline, told.alert.details) == ("It is late.", (refused.told,))


def test_the_page_has_it_as_a_reason_to_look() -> None:
    (reason,) = reasons_of(target(), index(rehearsal=rehearsal(**REFUSED)), {}, index().written)
    assert reason.light is Light.AMBER
    assert CREATEDB in reason.sentence
