"""What the watch's alerts have reached, what is over by that, and what the next watch tries again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.audience import Audience
from dbops.domain.watch.problem_alerts import ProblemAlert
from dbops_airflow.mailed import Mailed
from dbops_airflow.telling import Told
from tests.unit.samples import NOW

_KEY = "shop: alert was not taken: oncall since 2026-11-22 02:11:00"
_MAILED, _NOT_MAILED, _TAKEN = Told(True), Told(False), Told(False, taken=("oncall",))
_BOTH = Audience(("dba@example.com",), ("oncall",))


def alert(*keys: str, target: str | None = "shop", audience: Audience = _BOTH) -> ProblemAlert:
    told = Alert(severity=Severity.MISSING, job="backup", target=target, environment=None, headline="", remedy="")
    return ProblemAlert(told, audience, frozenset(keys))


def waiting(mailed: Mailed) -> tuple[set[str], set[str]]:
    """What is tried again, and what of that by mail only."""
    return set(mailed.unsent), set(mailed.taken)


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
    mailed = Mailed([_KEY], ())
    mailed.note(alert(_KEY), [_KEY], told)
    assert mailed.ends(_KEY, "oncall") is is_over


def test_what_was_not_due_or_not_told_yet_or_no_news_is_not_over() -> None:
    mailed = Mailed([_KEY, "known"], ["known"])
    assert not mailed.ends(_KEY, "oncall")
    assert not mailed.ends("another", "oncall")
    mailed.note(alert("known"), (), _MAILED)
    assert not mailed.ends("known", "oncall")


def test_what_was_not_told_yet_is_tried_again() -> None:
    mailed = Mailed(["a", "b", "c"], ["b", "gone"])
    assert waiting(mailed) == ({"a", "b", "c"}, {"b"})
    mailed.note(alert("a"), ["a"], _MAILED)
    assert waiting(mailed) == ({"b", "c"}, {"b"})
    mailed.note(alert("b"), (), _MAILED)
    assert waiting(mailed) == ({"c"}, set())


def test_what_only_a_notifier_took_waits_for_its_mail_alone() -> None:
    mailed = Mailed(["a", "b", "c", "d"], ["c"])
    mailed.note(alert("a", "b"), ["a", "b"], _TAKEN)
    mailed.note(alert("c"), (), _NOT_MAILED)
    mailed.note(alert("d"), ["d"], _NOT_MAILED)
    assert waiting(mailed) == ({"a", "b", "c", "d"}, {"a", "b", "c"})


@pytest.mark.parametrize(
    ("mailing", "told", "is_settled"),
    [
        pytest.param(alert("a"), Told(None), False, id="who is to be mailed waits"),
        pytest.param(alert("a", audience=Audience()), Told(None), True, id="a target that names nobody has chosen so"),
        pytest.param(alert("a", target=None, audience=Audience()), Told(None), False, id="no target, nobody chose"),
        pytest.param(
            alert("a", audience=Audience((), ("oncall",))), Told(None), True, id="a notifier that wants none of it"
        ),
        pytest.param(
            alert("a", audience=Audience((), ("oncall",))), Told(None, (), ("oncall",)), False, id="one that refuses"
        ),
    ],
)
def test_a_problem_waits_for_somebody_unless_its_target_wants_nobody_told(
    mailing: ProblemAlert, told: Told, is_settled: bool
) -> None:
    mailed = Mailed(["a"], ["a"])
    mailed.note(mailing, ["a"], told)
    assert waiting(mailed) == ((set(), set()) if is_settled else ({"a"}, {"a"}))


def test_the_next_watch_learns_what_was_mailed_and_since_when_the_rest_waits_for_its_mail() -> None:
    before = NOW - timedelta(hours=1)
    mailed = Mailed(["a", "b", "c", "d"], ["c"])
    mailed.note(alert("a"), ["a"], _MAILED)
    mailed.note(alert("b"), ["b"], _TAKEN)
    assert mailed.sent({"a": NOW, "b": NOW, "d": NOW, "of yesterday": before}) == {"a": NOW, "of yesterday": before}
    assert mailed.awaiting_mail({"c": before, "gone": before}, NOW) == {"b": NOW, "c": before}
