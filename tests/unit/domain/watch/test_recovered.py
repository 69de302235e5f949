"""Promises of what is told when it is over: once for each job, and never while that job is unwell."""

from __future__ import annotations

from datetime import UTC, datetime

from dbops.domain.alerts.alert import Severity
from dbops.domain.watch.problem import Problem, ProblemKind, paused_problem, problem_of
from dbops.domain.watch.recovered import recovered_alerts
from dbops.domain.watch.report import WatchReport
from tests.unit.samples import target

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = target("shop")


def problem(kind: ProblemKind, detail: str = "") -> Problem:
    return problem_of(SHOP, kind, "Something is so.", "Do something.", detail=detail)


def told(
    *recovered: Problem, left: tuple[Problem, ...] = (), unwell: frozenset[tuple[str, str]] = frozenset()
) -> list[tuple[str, str]]:
    """Subject and headline of each alert."""
    report = WatchReport(
        started=NOW,
        finished=NOW,
        targets=1,
        problems=left,
        due=(),
        recovered=tuple(one.key for one in recovered),
        unwell=unwell,
        memory={},
    )
    mailings = recovered_alerts(report, {"shop": SHOP}, (("Run", "watch__1"),), "https://airflow.example.com/log")
    assert {mailing.alert.severity for mailing in mailings} <= {Severity.RECOVERED}
    assert {mailing.audience for mailing in mailings} <= {SHOP.audience}
    return [(mailing.alert.subject, mailing.alert.headline) for mailing in mailings]


def test_each_job_is_told_once_with_all_that_is_over() -> None:
    late, small, unchecked = map(problem, (ProblemKind.LATE, ProblemKind.SHRUNK, ProblemKind.NOT_CHECKED))
    assert told(late, unchecked, small) == [
        (
            "[dbops] RECOVERED backup of shop (development)",
            "Resolved, as the watch sees shop now: backup is late; backup is too small.",
        ),
        ("[dbops] RECOVERED check of shop (development)", "Resolved, as the watch sees shop now: checks are late."),
    ]


def test_what_tells_two_of_a_kind_apart_is_said() -> None:
    assert told(paused_problem("backup__shop"))[0][1] == (
        "Resolved, as the watch sees shop now: DAG is paused: backup__shop."
    )


def test_while_something_of_the_same_job_is_left_nothing_is_over() -> None:
    assert told(problem(ProblemKind.LATE), left=(problem(ProblemKind.NOT_GOOD),)) == []


def test_what_is_left_of_another_job_is_said_beside_it() -> None:
    report = WatchReport(
        started=NOW,
        finished=NOW,
        targets=1,
        problems=(problem(ProblemKind.NOT_PROBED),),
        due=(),
        recovered=(problem(ProblemKind.LATE).key,),
        memory={},
    )
    [mailing] = recovered_alerts(report, {"shop": SHOP}, (), None)
    assert mailing.alert.details == ("Still true: Something is so.",)
    assert mailing.keys == {"shop: backup is late"}


def test_an_alert_says_in_which_run_where_its_log_is_and_that_nothing_is_left_to_do() -> None:
    others = problem_of(target("blog"), ProblemKind.LATE, "Late.", "Look.")
    report = WatchReport(
        started=NOW,
        finished=NOW,
        targets=2,
        problems=(others,),
        due=(),
        recovered=(problem(ProblemKind.LATE).key,),
        memory={},
    )
    targets = {"shop": target("shop", environment="staging"), "blog": target("blog")}

    [mailing] = recovered_alerts(report, targets, [("Run", "watch__1")], "https://airflow.example.com/log")

    alert = mailing.alert
    assert (alert.job, alert.target, alert.environment) == ("backup", "shop", "staging")
    assert (alert.facts, alert.link) == ((("Run", "watch__1"),), "https://airflow.example.com/log")
    assert alert.remedy == "There is nothing left to do about it."
    assert alert.details == (), "what is wrong with another target is told of that one"


def test_checks_that_came_and_are_red_are_not_called_well() -> None:
    unwell = frozenset({("shop", "check")})
    assert told(problem(ProblemKind.NOT_CHECKED), problem(ProblemKind.LATE), unwell=unwell) == [
        ("[dbops] RECOVERED backup of shop (development)", "Resolved, as the watch sees shop now: backup is late.")
    ]


def test_what_belongs_to_no_target_of_today_is_told_to_nobody() -> None:
    gone = problem_of(target("blog"), ProblemKind.LATE, "Late.", "Look.")
    strange = Problem(
        kind=ProblemKind.FAULT, key="targets/blog.yaml: file cannot be read: x", target=None, sentence="x", remedy="y"
    )
    unheard = Problem(kind=ProblemKind.LATE, key="shop: a kind of yesterday", target="shop", sentence="x", remedy="y")
    assert told(gone, strange, unheard) == []


def test_an_alert_that_was_taken_at_last_is_no_news_a_second_time() -> None:
    assert told(problem(ProblemKind.NOT_NOTIFIED, "oncall")) == []
