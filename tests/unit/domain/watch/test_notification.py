"""An alert that was not taken is a problem until it was told after all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dbops.domain.alerts.audience import Audience
from dbops.domain.alerts.notifier_name import MAIL, is_notifier_name
from dbops.domain.backups.storage import Storage
from dbops.domain.fault import Fault
from dbops.domain.options.alerts import Alerts
from dbops.domain.target import Target
from dbops.domain.watch.notification import Notification, notifier_problem, untaken
from dbops.domain.watch.problem import ProblemKind

_AT = datetime(2026, 11, 22, 2, 11, tzinfo=UTC)
_SHOP = Target(name="shop", connection="shop", storage=Storage(bucket="backups"), alerts=Alerts(notify=("oncall",)))
_LOST = Notification(
    target="shop",
    notifier="oncall",
    moment=_AT,
    subject="[dbops] FAILED backup of shop (production)",
    run="scheduled__1",
    refusal="It did not answer in time.",
)


def test_what_is_kept_is_read_back_equal() -> None:
    assert Notification.from_json(_LOST.to_json()) == _LOST


def test_an_alert_that_was_not_taken_is_a_problem_that_says_which_when_why_and_what_to_do() -> None:
    [lost] = untaken(_SHOP, [_LOST], _AT + timedelta(hours=1))
    problem = lost.problem
    assert problem.key == "shop: alert was not taken: oncall since 2026-11-22 02:11:00"
    for words in ("oncall", "FAILED backup of shop", "2026-11-22 02:11 UTC", "did not answer in time"):
        assert words in problem.sentence
    assert "scheduled__1" in problem.remedy


def test_all_that_a_notifier_did_not_take_is_one_problem_whose_key_stays_while_the_oldest_does() -> None:
    later = replace(_LOST, moment=_AT + timedelta(hours=1), subject="[dbops] WARNING check of shop (production)")
    newest = replace(later, moment=_AT + timedelta(hours=2), run="scheduled__2", refusal="It ended in HTTPError.")
    [alone] = untaken(_SHOP, [_LOST], newest.moment)
    [lost] = untaken(_SHOP, [newest, _LOST, later], newest.moment)
    assert lost.notifications == (_LOST, later, newest)
    assert lost.problem.key == alone.problem.key
    assert lost.problem.since == _AT
    assert 'Nor 2 more since, the last "[dbops] WARNING check of shop (production)"' in lost.problem.sentence
    assert lost.problem.sentence.endswith("It ended in HTTPError.")
    assert "scheduled__2" in lost.problem.remedy


def test_what_is_lost_after_the_oldest_was_told_is_a_new_problem() -> None:
    [first] = untaken(_SHOP, [_LOST], _AT)
    [second] = untaken(_SHOP, [replace(_LOST, moment=_AT + timedelta(minutes=20))], _AT + timedelta(minutes=30))
    assert first.problem.key != second.problem.key


def test_it_is_over_when_nobody_uses_the_notifier_any_more_and_a_week_later() -> None:
    assert untaken(_SHOP.model_copy(update={"alerts": Alerts(recipients=("a@example.com",))}), [_LOST], _AT) == []
    assert untaken(_SHOP, [_LOST], _AT + timedelta(days=6)) != []
    assert untaken(_SHOP, [_LOST], _AT + timedelta(days=7)) != []
    assert untaken(_SHOP, [_LOST], _AT + timedelta(days=7, microseconds=1)) == []


def test_a_notifier_that_cannot_be_used_is_a_problem_of_its_file() -> None:
    fault = Fault("notifiers.yaml", 3, "there is no class a.B")
    problem = notifier_problem(fault)
    assert (problem.kind, problem.target, problem.sentence) == (ProblemKind.FAULT, None, str(fault))
    assert problem.key == "notifiers.yaml: notifier: there is no class a.B"
    assert "mails are still sent" in problem.remedy


def test_who_is_in_several_audiences_hears_of_it_once() -> None:
    both = Audience.together([Audience(("a@b.c",), ("oncall",)), Audience(("d@e.f", "a@b.c"), ("chat", "oncall"))])
    assert both == Audience(("a@b.c", "d@e.f"), ("oncall", "chat"))
    assert not Audience.together([])


def test_a_mail_that_was_not_taken_is_a_problem_as_well_of_whoever_has_recipients() -> None:
    mail = replace(_LOST, notifier=MAIL, refusal="The mail server smtp:25 did not answer.")
    told = _SHOP.model_copy(update={"alerts": Alerts(recipients=("a@example.com",))})
    [lost] = untaken(told, [mail, _LOST], _AT + timedelta(hours=1))
    assert lost.notifications == (mail,)
    assert lost.problem.key == "shop: alert was not taken: mail since 2026-11-22 02:11:00"
    assert lost.problem.sentence.startswith('The mail server did not take "[dbops] FAILED backup of shop (production)"')
    assert "scheduled__1" in lost.problem.remedy
    assert "mail server" in lost.problem.remedy
    assert [lost.notifier for lost in untaken(_SHOP, [mail, _LOST], _AT)] == ["oncall"]


def test_no_notifier_can_be_called_as_mail_is() -> None:
    assert not is_notifier_name(MAIL)


def test_of_two_that_were_not_taken_the_second_is_the_last() -> None:
    later = replace(_LOST, moment=_AT + timedelta(hours=1), subject="[dbops] WARNING check of shop (production)")
    [lost] = untaken(_SHOP, [_LOST, later], later.moment)
    assert 'Nor 1 more since, the last "[dbops] WARNING check of shop (production)"' in lost.problem.sentence
    [alone] = untaken(_SHOP, [_LOST], _AT)
    assert alone.problem.sentence.endswith("It did not answer in time.")
