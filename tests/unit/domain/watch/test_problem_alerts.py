"""What a watch found becomes one alert a database, to the people of that database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dbops.domain.alerts.alert import Severity
from dbops.domain.backups.storage import Storage
from dbops.domain.options.alerts import Alerts as Recipients
from dbops.domain.target import Target
from dbops.domain.watch.problem import Problem, ProblemKind
from dbops.domain.watch.problem_alerts import is_still_told, problem_alerts

_RUN = ("Run", "scheduled__2026-11-22T02:17:00+00:00")


def _target(name: str, *recipients: str) -> Target:
    return Target(
        name=name,
        connection=name,
        environment="staging",
        storage=Storage(bucket="backups"),
        alerts=Recipients(recipients=recipients),
    )


def _problem(kind: ProblemKind, target: str | None, sentence: str = "Something is wrong.") -> Problem:
    since = datetime(2026, 11, 22, 2, tzinfo=UTC) if kind is ProblemKind.LATE else None
    return Problem(
        kind=kind, key=f"{target}: {kind}", target=target, sentence=sentence, remedy="Put it right.", since=since
    )


_SHOP, _BLOG = (
    _target("shop", "shop@example.com", "dba@example.com"),
    _target("blog", "blog@example.com", "dba@example.com"),
)
_TARGETS = {"shop": _SHOP, "blog": _BLOG}


def test_each_database_gets_one_alert_to_its_own_recipients() -> None:
    found = [
        _problem(ProblemKind.LATE, "shop"),
        _problem(ProblemKind.LATE, "blog"),
        _problem(ProblemKind.PAUSED, "shop"),
    ]
    mails = problem_alerts(found, _TARGETS, [_RUN], "https://airflow.example.com/log")
    assert [(mail.alert.target, mail.audience.recipients, len(mail.keys)) for mail in mails] == [
        ("shop", ("shop@example.com", "dba@example.com"), 2),
        ("blog", ("blog@example.com", "dba@example.com"), 1),
    ]


def test_the_worst_problem_is_the_headline_and_the_others_follow_with_their_remedies() -> None:
    found = [
        _problem(ProblemKind.LATE, "shop", "The newest backup is old."),
        _problem(ProblemKind.PAUSED, "shop", "Its DAG is paused."),
    ]
    [mail] = problem_alerts(found, _TARGETS, [_RUN], None)
    assert mail.alert.subject == "[dbops] MISSING backup of shop (staging)"
    assert mail.alert.headline == "The newest backup is old."
    assert mail.alert.remedy == "Put it right."
    assert mail.alert.details == ("Its DAG is paused. Put it right.",)


def test_an_alert_says_since_when_and_that_it_will_be_repeated() -> None:
    [mail] = problem_alerts([_problem(ProblemKind.LATE, "shop")], _TARGETS, [_RUN], None)
    assert mail.alert.facts == (("Since", "2026-11-22 02:00 UTC"), ("Repeated", "daily, as long as it lasts"), _RUN)


def test_a_file_nobody_can_read_is_told_to_everybody_once() -> None:
    [mail] = problem_alerts([_problem(ProblemKind.FAULT, None, "targets/new.yaml:3: no.")], _TARGETS, [_RUN], None)
    assert mail.alert.subject == "[dbops] FAILED reading of include/targets"
    assert mail.audience.recipients == ("shop@example.com", "dba@example.com", "blog@example.com")


def test_a_problem_of_a_target_that_is_gone_is_told_to_everybody() -> None:
    [mail] = problem_alerts([_problem(ProblemKind.PAUSED, "gone")], _TARGETS, [_RUN], None)
    assert mail.audience.recipients == ("shop@example.com", "dba@example.com", "blog@example.com")


def test_a_database_without_recipients_still_gets_its_alert_for_the_log() -> None:
    [mail] = problem_alerts([_problem(ProblemKind.LATE, "quiet")], {"quiet": _target("quiet")}, [_RUN], None)
    assert mail.audience.recipients == ()
    assert mail.alert.target == "quiet"


def test_what_belongs_to_no_target_and_to_one_that_is_gone_is_one_alert() -> None:
    found = [
        _problem(ProblemKind.FAULT, None),
        _problem(ProblemKind.PAUSED, "gone"),
        _problem(ProblemKind.LATE, "blog"),
    ]
    mails = problem_alerts(found, _TARGETS, [_RUN], None)
    assert [(mail.alert.target, mail.alert.environment, mail.keys) for mail in mails] == [
        (None, None, frozenset({found[0].key, found[1].key})),
        ("blog", "staging", frozenset({found[2].key})),
    ]


def test_an_alert_leads_to_where_the_watch_can_be_read() -> None:
    link = "https://airflow.example.com/log"
    [mail] = problem_alerts([_problem(ProblemKind.LATE, "shop")], _TARGETS, [_RUN], link)
    assert mail.alert.link == link


def test_a_problem_is_told_once_a_day_whatever_the_minute_of_the_watch_and_again_where_a_clock_was_wrong() -> None:
    told, second = datetime(2026, 11, 22, 2, tzinfo=UTC), timedelta(seconds=1)
    again = told + timedelta(hours=23, minutes=30)
    assert is_still_told(told, told)
    assert is_still_told(told, again - second)
    assert not is_still_told(told, again)
    assert not is_still_told(told, told - second)


def test_severity_tells_what_is_missing_from_what_failed_and_what_is_odd() -> None:
    kinds = [ProblemKind.NO_BACKUP, ProblemKind.UNREACHABLE, ProblemKind.SHRUNK]
    severities = [problem_alerts([_problem(kind, "shop")], _TARGETS, [], None)[0].alert.severity for kind in kinds]
    assert severities == [Severity.MISSING, Severity.FAILED, Severity.WARNING]


def test_no_problem_no_alert() -> None:
    assert problem_alerts([], _TARGETS, [_RUN], None) == []


def test_checks_and_probes_that_were_not_made_are_missing_ones_unless_a_backup_is_concerned_too() -> None:
    late, paused = _problem(ProblemKind.NOT_CHECKED, "shop"), _problem(ProblemKind.PAUSED, "shop")
    [mail] = problem_alerts([late, paused], _TARGETS, [_RUN], None)
    assert mail.alert.subject == "[dbops] MISSING check of shop (staging)"
    [mail] = problem_alerts([_problem(ProblemKind.NOT_PROBED, "shop"), paused], _TARGETS, [_RUN], None)
    assert mail.alert.subject == "[dbops] MISSING probe of shop (staging)"
    [mail] = problem_alerts([_problem(ProblemKind.NOT_DRILLED, "shop"), late], _TARGETS, [_RUN], None)
    assert mail.alert.subject == "[dbops] WARNING backup of shop (staging)"
