from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.load.pool_advice import pool_advice
from dbops.domain.load.report import LoadReport
from dbops.domain.report import Verdict
from tests.unit.loads import BOUND, latency, limits, step
from tests.unit.samples import NOW


def report(**changed: Any) -> LoadReport:
    measured = changed.get("steps", (step(1, 100), step(2, 190), step(5, 195)))
    given: dict[str, Any] = {
        "target": "shop",
        "started": NOW,
        "finished": NOW + timedelta(seconds=30),
        "probes": ("item by id",),
        "steps": measured,
        "advice": pool_advice(measured, limits(), 20) if measured else None,
        "limits": limits(),
        "most_used": 10,
        "least_free": 87,
        "free_percent": 20.0,
    }
    return LoadReport(**{**given, **changed})


def test_a_report_has_a_row_for_each_step_the_saturation_and_every_number() -> None:
    text = report().markdown()
    assert text.count("\n| ") >= 3 + 4
    assert "It saturates at 2 connections" in text
    assert "A pool of 2 connections in all" in text
    assert (
        "Connections were never exhausted: at most 10 of 97 were in use at one time (5 before the first step)" in text
    )
    assert "87 more could always have been opened" in text
    for name in ("`connection_limit`", "`pool_timeout`", "`connect_timeout`", "`default_pool_size, undivided`"):
        assert name in text
    assert "2 each with 1 instance, 1 each with 2 instances" in text
    assert report().verdict is Verdict.OK


def test_what_ended_early_says_why_and_is_a_warning() -> None:
    stopped = report(stopped="other clients needed connections")
    assert "everything was closed: other clients needed connections." in stopped.markdown()
    assert stopped.verdict is Verdict.WARNING


def test_exhausted_connections_are_never_called_anything_else() -> None:
    for exhausted in (report(refused=True), report(least_free=0)):
        assert exhausted.is_exhausted
        assert "**Connections were exhausted**" in exhausted.markdown()
        assert "never exhausted" not in exhausted.markdown()
    assert report(refused=True).verdict is Verdict.WARNING
    assert not report(least_free=1).is_exhausted


def test_failed_requests_are_a_warning() -> None:
    assert report(steps=(step(1, 100, errors=1),)).verdict is Verdict.WARNING


def test_without_a_step_nothing_is_recommended() -> None:
    nothing = report(steps=(), stopped="errors rose")
    assert "completed no step" in nothing.markdown()
    assert nothing.verdict is Verdict.WARNING
    assert report(steps=()).verdict is Verdict.WARNING


def test_a_step_says_where_the_worker_was_the_limit_and_what_was_not_even_sent() -> None:
    text = report(steps=(step(1, 100), step(2, 110, worker_cpu=0.9, unanswered=7)), local=True).markdown()
    assert "With 2 connections our own worker was the limit, or near it" in text
    assert "With 2 connections 7 requests were not even sent in time" in text
    assert "share its processors" in text


def test_what_holds_for_several_steps_is_said_once() -> None:
    bound = tuple(step(each, 100, worker_cpu=0.9, unanswered=1) for each in (1, 2, 5))
    text = report(steps=bound).markdown()
    assert text.count("our own worker was the limit, or near it") == 1
    assert "With 1, 2 and 5 connections our own worker was the limit" in text
    assert "With 1 connection 1 request was not even sent in time, with 2 connections 1, with 5 connections 1." in text
    assert "With 1 connection our own" in report(steps=(step(1, 100, worker_cpu=0.9),)).markdown()


def test_a_report_is_one_json_document() -> None:
    document = json.loads(report().to_json())
    assert document["steps"][1]["throughput"] == 190
    assert document["advice"]["settings"][0]["value"] == 2
    assert document["verdict"] == "ok"


DOCUMENT = Path(__file__).parents[3] / "testdata" / "load_report.md"


def test_the_document_of_a_load_is_this_one() -> None:
    """Look at what has changed in it, then write it anew."""
    measured = (
        step(1, 100, errors=1200),
        step(2, 190, connect=latency(0.5), service=latency(1), response=latency(1)),
        step(5, 195, worker_cpu=0.85, worker_delay_ms=1.5, unanswered=3),
    )
    made = report(steps=measured, local=True, notes=("One probe writes.",), stopped="errors rose")

    assert f"{made.markdown()}\n" == DOCUMENT.read_text(encoding="utf-8")


def test_where_no_pool_follows_that_is_said() -> None:
    bound = report(steps=(step(1, 100, **BOUND), step(2, 105, **BOUND)))

    assert bound.summary().endswith("at least. No pool size follows from that.")


@pytest.mark.parametrize(("value", "told"), [(0.994, "0.99"), (1.0, "1.0"), (1.94, "1.9"), (1234.5, "1,234.5")])
def test_times_are_told_as_precisely_as_matters(value: float, told: str) -> None:
    (row,) = [line for line in report(steps=(step(1, 100, connect=latency(value)),)).markdown().split("\n")
              if line.startswith("| 1 | 100 |")]  # fmt: skip
    assert row.split(" | ")[10] == told
