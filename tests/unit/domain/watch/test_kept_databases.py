"""Promise: of a database that a swap has replaced somebody is reminded after a day, until it is known to be gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.watch.kept_databases import kept_problem, may_be_kept
from dbops.domain.watch.problem import ProblemKind
from tests.unit.restores import BEFORE, record
from tests.unit.samples import DAY, NOW


def test_a_day_after_the_swap_somebody_is_reminded_of_the_old_database() -> None:
    problem = kept_problem(record(swapped=NOW - DAY), NOW)

    assert problem is not None
    assert (problem.kind, problem.target, problem.since) == (ProblemKind.OLD_DATABASE, "shop", NOW - DAY)
    assert problem.key == f"shop: {ProblemKind.OLD_DATABASE}: {BEFORE}"
    assert BEFORE in problem.sentence
    assert f'DROP DATABASE "{BEFORE}";' in problem.remedy


@pytest.mark.parametrize(
    "told",
    [{"swapped": NOW - DAY + timedelta(seconds=1)}, {"swapped": None}, {"swapped": NOW - 9 * DAY, "before": None}],
    ids=["too young", "nothing was replaced", "nothing was kept"],
)
def test_nobody_is_reminded_of_what_is_not_there_or_too_young(told: dict[str, Any]) -> None:
    assert kept_problem(record(**told), NOW) is None


@pytest.mark.parametrize(
    ("told", "may"),
    [
        ({}, True),
        ({"swapped": None}, False),
        ({"live_oid": None}, False),
        ({"before": None}, False),
        ({"before": "billing"}, False),
        ({"before": "billing__before_20261122_120000"}, False),
        ({"old_gone": NOW}, False),
    ],
    ids=str,
)
def test_only_a_swap_of_a_database_that_is_not_known_to_be_gone_may_have_left_one_and_only_under_its_own_name(
    told: dict[str, Any], may: bool
) -> None:
    assert may_be_kept(record(**{"swapped": NOW - DAY, **told})) is may
