"""What is mailed of the probes: an alert that says before, after, why and what next, and else a calm digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.health.item import HealthItem
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.alert import probe_alert
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun
from dbops.domain.query_plan.advice import Advice
from dbops.gateways.alerting.alert_mail import alert_mail
from tests.mail_text import text_of
from tests.unit.domain.probes.test_probes_report import (
    CHANGED,
    FAILED,
    FAST,
    INDEX,
    OVER,
    PAGE,
    PROPOSAL,
    SLOWER,
    before,
)
from tests.unit.probe_samples import latency, probe_result, probe_run, weekly
from tests.unit.samples import target

WELL = probe_result("count", 20.0, model="UsageEvent")
ROLLED_BACK = (
    "create: the trigger t of x runs f; its work in the database is rolled back, what it does outside may not be."
)
TEMPLATES = Path(__file__).parents[4] / "include" / "email"


def alert(*results: ProbeResult, history: Sequence[ProbeRun] = (), **more: Any) -> Alert:
    report = ProbeReport.of(probe_run(*results, **more), history, ProbeOptions())
    return probe_alert(report, target("shop"), run="manual", link=None)


@pytest.mark.parametrize(
    ("results", "history", "severity"),
    [
        ((FAST, WELL), [], Severity.DIGEST),
        ((FAST, SLOWER), [], Severity.WARNING),
        ((FAST, OVER), [], Severity.WARNING),
        ((OVER, FAILED), [], Severity.FAILED),
        ((), [], Severity.WARNING),
        ((FAST, WELL), [probe_run(FAST, SLOWER)], Severity.RECOVERED),
        ((OVER, WELL), [probe_run(OVER, SLOWER)], Severity.WARNING),
        ((FAST,), [probe_run(FAST, FAILED)], Severity.DIGEST),
        ((replace(WELL, latency=SLOWER.latency),), weekly([*[WELL] * 5, *[SLOWER] * 4]), Severity.DIGEST),
    ],
)
def test_the_subject_says_alarm_over_again_or_nothing_new(
    results: tuple[ProbeResult, ...], history: list[ProbeRun], severity: Severity
) -> None:
    assert alert(*results, history=history).severity is severity


def test_a_digest_is_a_calm_mail_by_its_subject() -> None:
    assert alert(FAST).subject == "[dbops] DIGEST probe of shop (development)"
    assert alert(FAST).remedy == ""


def test_a_regression_names_the_probe_before_after_the_likely_reason_and_the_next_step() -> None:
    changed = Explained(shape="Seq Scan", before="Index Scan", text="Seq Scan")
    found = alert(
        FAST,
        replace(SLOWER, title="events of a month", explained=(changed,), advice=(INDEX, CHANGED)),
        proposals=(replace(PROPOSAL, probes=("count",)),),
        page=PAGE,
    )
    assert found.headline == "count of shop is slower than usual: its p50 was 20 ms and is now 44 ms."
    assert found.details[0] == (
        "count stands for: events of a month. Likely reason: its plan has changed. "
        "It sorts 40,000 rows, and no index has them in that order."
    )
    assert found.remedy == (
        "The log has the plans and what they lack. Review and try the proposed index: its migration lies below "
        "s3://vault/team/shop/probes/20261122T120000Z/migrations/."
    )


def test_of_several_that_are_bad_each_says_what_is_wrong_with_it() -> None:
    assert alert(SLOWER, OVER, FAILED).details == (
        "user_update (user update) failed 2 times in 40 (canceling statement due to lock timeout).",
        "count (count) is slower than usual: its p50 was 20 ms and is now 44 ms. The reason is not known: nothing "
        "else that was measured has changed with it. Locks, dead rows or other work may be the cause.",
        "newest (newest) is over its budget: its p95 is 140 ms, and 100 ms are allowed. "
        "Likely reason: It sorts 40,000 rows, and no index has them in that order.",
    )


def test_stale_statistics_are_renewed_by_a_statement_that_stands_in_the_mail_once() -> None:
    stale = Advice(kind="statistics", sentence="Its rows are misjudged.", sql='ANALYZE "Summary";')
    remedy = alert(replace(SLOWER, advice=(stale,)), replace(OVER, advice=(stale,))).remedy
    assert remedy.count('Renew the statistics: ANALYZE "Summary";') == 1


def test_the_remedy_is_for_what_is_bad() -> None:
    assert "another budget" in alert(replace(OVER, advice=())).remedy
    assert "another budget" not in alert(OVER).remedy
    assert "another budget" not in alert(SLOWER).remedy
    assert "proposed index" in alert(OVER, proposals=(PROPOSAL,), page=PAGE).remedy
    assert "proposed index" not in alert(SLOWER, proposals=(PROPOSAL,), page=PAGE).remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            "canceling statement due to lock timeout",
            "Find who holds the lock that user_update waited for: pg_blocking_pids() names the process while somebody "
            "waits, and when the run was over nobody did.",
        ),
        ("lock not available (55P03)", "Find who holds the lock that user_update waited for: pg_blocking_pids()"),
        (
            "canceling statement due to statement timeout",
            "Make user_update faster, by its plan and what is proposed, or give it more time with "
            "probes.statement_timeout.",
        ),
        ("query canceled (57014)", "Make user_update faster"),
        ("permission denied for table User", "Grant our role what user_update needs; the application's own role has"),
        ("insufficient privilege (42501)", "Grant our role what user_update needs"),
        ("cannot access temporary or unlogged relations during recovery", "Let probes.connection name the primary for"),
        ("canceling statement due to conflict with recovery", "Let probes.connection name the primary for user_update"),
        (
            'relation "User" does not exist',
            "Fix what fails in user_update; or its file in include/sql/shop/probes/, if it asks for something that "
            "no longer exists.",
        ),
        ("", "Fix what fails in user_update"),
    ],
)
def test_what_failed_has_the_remedy_of_its_kind(error: str, remedy: str) -> None:
    assert alert(replace(FAILED, error=error)).remedy.startswith(remedy)


def test_those_that_failed_alike_have_one_remedy() -> None:
    other, denied = replace(FAILED, probe="other"), replace(FAILED, probe="denied", error="permission denied for x")
    remedy = alert(FAILED, denied, other).remedy
    assert remedy.count("Find who holds the lock that user_update, other waited for") == 1
    assert remedy.endswith("Grant our role what denied needs; the application's own role has it.")


def test_who_may_hold_a_lock_is_told_once_in_the_remedy() -> None:
    idle = HealthItem(
        name="idle in transaction", value="process 7 for 5m", threshold="none", status="warning", remedy="Look."
    )
    found = alert(FAILED, health=(idle,))
    assert found.remedy.startswith(
        "Find who holds the lock that user_update waited for: idle in transaction, process 7 for 5m."
    )
    assert not any("process 7" in detail for detail in found.details)
    assert any("process 7" in detail for detail in alert(SLOWER, health=(idle,)).details)


def test_that_an_operation_failed_is_told_once() -> None:
    notes = (
        "user_update was executed 3 of 40 times: it ran into a time limit 3 times in a row.",
        "The statement in line 9 of probe user_update could not be explained: canceling statement due to lock timeout.",
        "The statement in line 9 of probe count could not be explained: canceling statement due to lock timeout.",
    )
    assert alert(FAST, FAILED, notes=notes).details[1:] == notes[2:]


def test_what_has_been_over_its_budget_before_is_no_new_alarm() -> None:
    assert alert(OVER, history=[probe_run(OVER)]).headline.endswith(
        "100 ms are allowed, for the 2nd run in a row. None of this is new."
    )
    assert "new" not in alert(OVER, SLOWER, history=[probe_run(OVER)]).headline


def test_what_could_be_better_stands_in_the_digest() -> None:
    ill = HealthItem(name="dead rows", value="60 %", threshold="20 %", status="warning", remedy="Vacuum it.")
    unseen = HealthItem(name="replication slots", value="", threshold="", status="unknown", remedy="GRANT pg_monitor.")
    fine = HealthItem(name="cache", value="99 %", threshold="90 %", status="ok")
    found = alert(
        FAST,
        health=(fine, ill, unseen),
        proposals=(PROPOSAL,),
        escapes=("create: the sequence s numbers t.id; each INSERT leaves a gap in it.", ROLLED_BACK),
        notes=("Connections were scarce: 2 probes were left out.",),
    )
    assert found.severity is Severity.DIGEST
    assert found.details == (
        "Connections were scarce: 2 probes were left out.",
        "Health: dead rows is 60 %. Vacuum it.",
        "Our role may not see everything of the server's health: replication slots.",
        "Proposed, and unproven: Summary_userId_createdAt_idx on Summary.",
        "A rollback does not undo 1 thing, see the log.",
    )


def test_what_only_may_stay_is_not_counted_as_what_stays() -> None:
    assert alert(FAST, escapes=(ROLLED_BACK,)).details == ()
    written = "create: the trigger t of x runs f, which writes a file: that stays."
    assert alert(FAST, escapes=(ROLLED_BACK, written)).details == ("A rollback does not undo 1 thing, see the log.",)


GONE = replace(PROPOSAL, name="User_email_key", table="public.User", probes=("user_by_email",), origin="baseline")


def test_an_index_that_is_gone_is_a_warning_that_says_who_demands_it_and_where_its_migration_lies() -> None:
    found = alert(FAST, proposals=(PROPOSAL, GONE), page=PAGE)
    assert found.severity is Severity.WARNING
    assert found.headline.startswith(
        "The only operation of shop is within its budget; 1 index is gone that schema.yaml demands."
    )
    assert found.details == (
        "The index User_email_key on public.User is gone. schema.yaml demands it, and it is asked for by "
        "user_by_email. Its migration lies below s3://vault/team/shop/probes/20261122T120000Z/migrations/.",
        "Proposed, and unproven: Summary_userId_createdAt_idx on Summary.",
    )
    assert found.remedy == "Find out who dropped the index that is gone, and create it again."


def test_what_was_left_out_once_is_no_alarm_and_what_is_left_out_again_is_one() -> None:
    note = "connection_pool was left out because it needs 10 connections: 3 are free."
    once = alert(FAST, left_out=("connection_pool",), notes=(note,))
    assert (once.severity, once.details, once.remedy) == (Severity.DIGEST, (note,), "")
    again = alert(
        FAST, left_out=("connection_pool",), notes=(note,), history=[probe_run(FAST, left_out=("connection_pool",))]
    )
    assert again.severity is Severity.WARNING
    assert again.details == ("Not measured in the last run either: connection_pool.", note)
    assert again.remedy == "Make room for what was not measured, or nobody will know when it becomes slow."


def test_pools_have_a_line_of_their_own() -> None:
    pool = probe_result("pool", 300.0, budget_ms=2000.0, waits=latency(200.0))
    facts = dict(alert(FAST, pool).facts)
    assert facts["All"] == "3.0 ms on average, p95 3.0 ms, of 40 samples"
    assert facts["Slowest"] == "user_by_id, p95 3.0 ms"
    assert facts["Pools"] == "pool 300 ms"
    assert "Pools" not in dict(alert(FAST).facts)


def test_what_is_over_is_told_and_what_has_settled_too() -> None:
    assert alert(FAST, WELL, history=[probe_run(FAST, SLOWER)]).well_again == ("count",)
    settled = alert(replace(WELL, latency=SLOWER.latency), history=weekly([*[WELL] * 5, *[SLOWER] * 4]))
    assert settled.details[0].startswith("count has stayed as slow as it became")


def test_a_mail_stays_short_however_much_is_slow() -> None:
    many = [replace(OVER, probe=f"probe_{number}") for number in range(15)]
    details = alert(*many).details
    assert (len(details), details[-1]) == (11, "5 more, see the log.")


def test_the_mail_can_be_read_on_a_phone() -> None:
    newest = replace(OVER, title="a user's newest summaries")
    found = alert(FAST, newest, WELL, history=before(FAST, newest, WELL), proposals=(PROPOSAL,), page=PAGE)
    mail = alert_mail(
        found,
        sender="dbops@example.com",
        recipients=["dba@example.com"],
        sent=datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
        templates=TEMPLATES,
    )
    assert text_of(mail).partition("\n-- ")[0] == (
        """WARNING: probe of shop (development)

newest of shop is over its budget: its p95 is 140 ms, and 100 ms are
allowed, for the 4th run in a row. None of this is new.

- newest stands for: a user's newest summaries. Likely reason: It sorts
  40,000 rows, and no index has them in that order.

- Proposed, and unproven: Summary_userId_createdAt_idx on Summary.

WHAT TO DO
The log has the plans and what they lack. Review and try the proposed index:
its migration lies below
s3://vault/team/shop/probes/20261122T120000Z/migrations/.

FACTS
Worked         User 1/1, Summary 1/1, UsageEvent 1/1
All            54 ms on average, p95 140 ms, of 120 samples
Slowest        newest, p95 140 ms
Above 100 ms   newest 140 ms
Round trip     0.40 ms, usually 0.40 ms
Connecting     6.0 ms
Page           s3://vault/team/shop/probes/20261122T120000Z/index.html
Run            manual
"""
    )
