"""Light: one table says what is how bad."""

from __future__ import annotations

from itertools import pairwise

from dbops.domain.watch.light import LIGHTS, Light, Sign
from dbops.domain.watch.problem import ProblemKind


def test_everything_that_can_be_wrong_has_a_light_and_no_two_have_one_name() -> None:
    assert set(LIGHTS) == {*ProblemKind, *Sign}
    assert len(LIGHTS) == len(ProblemKind) + len(Sign)


def test_the_table_is_told_worst_first() -> None:
    lights = [list(Light).index(light) for light in LIGHTS.values()]
    assert all(one <= other for one, other in pairwise(lights))


def test_whatever_means_that_it_cannot_be_restored_or_that_nobody_knows_is_red() -> None:
    assert {what for what, light in LIGHTS.items() if light is Light.RED} == {
        ProblemKind.NO_BACKUP,
        ProblemKind.UNREACHABLE,
        ProblemKind.FAULT,
        ProblemKind.LATE,
        ProblemKind.NOT_GOOD,
        ProblemKind.NOT_DRILLED,
        Sign.DRILL_FAILED,
        Sign.CHECKS_FAILED,
        Sign.RUN_FAILED,
        Sign.UNSEEN_FOR_A_DAY,
        Sign.WATCH_SILENT_FOR_A_DAY,
    }


def test_what_nobody_knows_is_never_green() -> None:
    assert {what for what, light in LIGHTS.items() if light is Light.GREEN} == {Sign.WELL}
