"""Promise: a watch's report has every promise that is not kept, since when, and what to do, and what is over."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from dbops.domain.report import Verdict
from dbops.domain.watch.problem import ProblemKind, paused_problem, problem_of
from dbops.domain.watch.report import WatchReport
from tests.unit.samples import NOW, target

VIENNA = timezone(timedelta(hours=1))
LATE = problem_of(target("shop"), ProblemKind.LATE, "It is late.", "Look.", since=NOW.astimezone(VIENNA))
PAUSED = paused_problem("watch")


def report(**more: Any) -> WatchReport:
    given: dict[str, Any] = {"targets": 2, "problems": (), "due": (), "recovered": (), "memory": {}, **more}
    return WatchReport(started=NOW, finished=NOW, **given)


def test_each_problem_is_a_row_with_the_time_since_when_in_utc_and_what_to_do() -> None:
    lines = report(problems=(LATE, PAUSED)).markdown().splitlines()
    assert lines[:2] == ["2 promises are not kept, watching 2 targets.", ""]
    assert lines[2:4] == ["| problem | target | since | what to know |", "| --- | --- | --- | --- |"]
    assert lines[4] == "| backup is late | shop | 2026-11-22 12:00 UTC | It is late. Look. |"
    assert lines[5].startswith("| DAG is paused |  |  | watch is paused in Airflow: it does not run. Unpause it ")


def test_one_promise_is_one() -> None:
    assert report(targets=1, problems=(LATE,)).markdown().startswith("1 promise is not kept, watching 1 target.\n\n|")


def test_what_is_over_and_what_is_odd_stand_below() -> None:
    odd = report(recovered=("a: late", "b: late"), warnings=("The index is stale.",))
    assert odd.verdict is Verdict.WARNING
    assert odd.markdown() == (
        "Every promise of 2 targets is kept.\n\n- No longer: a: late\n- No longer: b: late\n\n- The index is stale."
    )
    assert report(problems=(LATE,), warnings=("The index is stale.",)).verdict is Verdict.FAILED
    assert report().verdict is Verdict.OK


def test_how_many_heartbeats_were_told_is_said_where_any_was() -> None:
    assert report(heartbeats=2).markdown() == "Every promise of 2 targets is kept.\n\nHeartbeats told: 2."
    assert report(problems=(LATE,), heartbeats=1).markdown().endswith("|\n\nHeartbeats told: 1.")
    assert "eartbeat" not in report().markdown()
