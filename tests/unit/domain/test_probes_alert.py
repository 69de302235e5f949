"""What is mailed of the probes: an alert that says before, after, why and what next, and else a calm digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.advice import Advice
from dbops.domain.alerts import Alert, Severity
from dbops.domain.health import HealthItem
from dbops.domain.probes.alert import probe_alert
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun
from dbops.domain.target import ProbeOptions
from dbops.gateways.alert_mail import alert_mail
from tests.unit.domain.test_probes_report import CHANGED, FAILED, FAST, INDEX, OVER, PAGE, PROPOSAL, SLOWER, before
from tests.unit.probe_samples import probe_result, probe_run, weekly
from tests.unit.samples import target

WELL = probe_result("count", 20.0, model="UsageEvent")
TEMPLATES = Path(__file__).parents[3] / "include" / "email"


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
        "count (count) is slower than usual: its p50 was 20 ms and is now 44 ms. The reason is not known: "
        "nothing else that was measured has changed with it. Locks, dead rows or other work may be behind it.",
        "newest (newest) is over its budget: its p95 is 140 ms, and 100 ms are allowed. "
        "Likely reason: It sorts 40,000 rows, and no index has them in that order.",
    )


def test_stale_statistics_are_renewed_by_a_statement_that_stands_in_the_mail_once() -> None:
    stale = Advice(kind="statistics", sentence="Its rows are misjudged.", sql='ANALYZE "Summary";')
    remedy = alert(replace(SLOWER, advice=(stale,)), replace(OVER, advice=(stale,))).remedy
    assert remedy.count('Renew the statistics: ANALYZE "Summary";') == 1


def test_the_remedy_is_for_what_is_bad() -> None:
    assert alert(FAILED).remedy.startswith(
        "Put the operation right that fails, or its file in include/sql/shop/probes/"
    )
    assert "another budget" in alert(replace(OVER, advice=())).remedy
    assert "another budget" not in alert(OVER).remedy
    assert "another budget" not in alert(SLOWER).remedy
    assert "proposed index" in alert(OVER, proposals=(PROPOSAL,), page=PAGE).remedy
    assert "proposed index" not in alert(SLOWER, proposals=(PROPOSAL,), page=PAGE).remedy


def test_what_has_been_over_its_budget_before_is_no_new_alarm() -> None:
    assert alert(OVER, history=[probe_run(OVER)]).headline.endswith(
        "100 ms are allowed, for the 2nd run in a row. Nothing of it is new."
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
        escapes=("create uses a sequence.",),
        notes=("Connections were scarce: 2 probes were left out.",),
    )
    assert found.severity is Severity.DIGEST
    assert found.details == (
        "Connections were scarce: 2 probes were left out.",
        "Health: dead rows is 60 %. Vacuum it.",
        "Our role may not see everything of the server's health: replication slots.",
        "Proposed, and unproven: Summary_userId_createdAt_idx on Summary.",
        "The rollbacks did not take back 1 thing, see the log.",
    )


def test_what_is_over_is_told_and_what_has_settled_too() -> None:
    assert alert(FAST, WELL, history=[probe_run(FAST, SLOWER)]).details == ("Well again: count.",)
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
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().partition("\n-- ")[0] == (
        """WARNING: probe of shop (development)

newest of shop is over its budget: its p95 is 140 ms, and 100 ms are
allowed, for the 4th run in a row. Nothing of it is new.

- newest stands for: a user's newest summaries. Likely reason: It sorts
  40,000 rows, and no index has them in that order.

- Proposed, and unproven: Summary_userId_createdAt_idx on Summary.

WHAT TO DO
The log has the plans and what they lack. Review and try the proposed index:
its migration lies below
s3://vault/team/shop/probes/20261122T120000Z/migrations/.

FACTS
Passed         User 1/1, Summary 1/1, UsageEvent 1/1
All            54 ms on average, p95 140 ms, of 120 samples
Slowest        newest, p95 140 ms
Above 100 ms   newest 140 ms
Round trip     0.40 ms, usually 0.40 ms
Connecting     6.0 ms
Page           s3://vault/team/shop/probes/20261122T120000Z/index.html
Run            manual
"""
    )
