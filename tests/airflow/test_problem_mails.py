"""What the watch's alerts have reached, and what is over by that."""

from __future__ import annotations

import pytest

from dbops_airflow.problem_mails import Mailed
from dbops_airflow.telling import Told

_KEY = "shop: alert was not taken: oncall since 2026-11-22 02:11:00"


@pytest.mark.parametrize(
    ("told", "is_over"),
    [
        pytest.param(Told(True, taken=("oncall",)), True, id="it has heard it"),
        pytest.param(Told(True), True, id="it does not want to hear of it, and people have"),
        pytest.param(Told(None, taken=("oncall",)), True, id="it has heard it, and nobody is mailed"),
        pytest.param(Told(True, refused=("oncall",)), False, id="it refuses again"),
        pytest.param(Told(True, taken=("chat",), refused=("oncall",)), False, id="only another one has heard it"),
        pytest.param(Told(False, taken=("oncall",)), False, id="people wait for their mail"),
        pytest.param(Told(None), False, id="nobody has heard it"),
    ],
)
def test_what_a_notifier_missed_is_over_when_it_or_whoever_hears_in_its_place_was_told(
    told: Told, is_over: bool
) -> None:
    assert Mailed({_KEY: told}).ends(_KEY, "oncall") is is_over


def test_what_was_not_due_is_not_over() -> None:
    assert not Mailed({}).ends(_KEY, "oncall")
