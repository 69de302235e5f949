"""Probe standing: how a probe did, and which one is looked at first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.probes.run import ProbeResult, Slower
from dbops.domain.probes.standing import (
    Standing,
    how_many_are_well,
    most_urgent,
    most_urgent_first,
    run_before,
    standing_of,
    up_to,
)
from tests.probing_runs import NEWEST, bad_week, latency, result, run, weeks

_SLOWER = Slower(statistic="p95", usual=1.0, now=3.0, runs=8)
_OVER = result("over", p50=80.0, budget=50.0)


@pytest.mark.parametrize(
    ("seen", "standing"),
    [
        (result(), Standing.WELL),
        (replace(result(), slower=_SLOWER), Standing.SLOWER),
        (_OVER, Standing.OVER_BUDGET),
        (replace(_OVER, again=latency(70.0)), Standing.OVER_BUDGET),
        (replace(_OVER, again=latency(10.0)), Standing.OVER_ONCE),
        (replace(_OVER, slower=_SLOWER), Standing.OVER_BUDGET),
        (replace(_OVER, errors=1), Standing.FAILED),
        (replace(result(), latency=None), Standing.FAILED),
    ],
)
def test_the_most_urgent_that_is_true_counts(seen: ProbeResult, standing: Standing) -> None:
    assert standing_of(seen) is standing
    assert standing.is_well == seen.is_well


def test_what_is_not_well_comes_first_and_then_what_is_nearest_to_its_budget() -> None:
    near, far = result("near", p50=2.5), result("far", p50=0.3)
    slower = replace(result("slower"), slower=_SLOWER)
    failed = replace(result("failed"), latency=None, errors=60)
    once = replace(result("once", p50=80.0, budget=50.0), again=latency(10.0))
    ordered = most_urgent_first([far, slower, once, near, _OVER, failed])
    assert [one.probe for one in ordered] == ["failed", "over", "slower", "once", "near", "far"]


def test_of_many_the_most_urgent_are_shown_and_the_others_counted() -> None:
    some = [result("a", p50=0.1), result("b", p50=0.2), _OVER]
    assert most_urgent(some, 2) == ([_OVER, some[1]], "and 1 more, which have used up less of their budgets")
    assert most_urgent(some, 3) == ([_OVER, some[1], some[0]], "")


def test_the_run_in_one_sentence() -> None:
    assert how_many_are_well(bad_week()) == "3 of 16 probes are not well"
    assert how_many_are_well(weeks(1)[0]) == "All 16 probes are well"
    assert how_many_are_well(run([result()])) == "The probe is well"
    assert how_many_are_well(run([_OVER])) == "The probe is not well"


def test_history_is_put_in_order_and_neither_repeats_the_run_nor_knows_what_came_later() -> None:
    old, older, now = weeks(3)[1], weeks(3)[0], weeks(1)[0]
    later = run([result()], NEWEST + timedelta(days=7))
    assert up_to(now, [later, old, now, older]) == [older, old, now]
    assert run_before(now, [later, old, now, older]) == old
    assert run_before(now, [now]) is None
    assert run_before(now, [weeks(4)[0], old, older]) == old
