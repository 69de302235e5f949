"""Probe alert: what people are mailed of a run of the probes: an alert where something is wrong, else a calm digest."""

from __future__ import annotations

from dbops.domain.alerts import Alert, Severity
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.sections import migrations_place
from dbops.domain.quantities import format_count, format_ms
from dbops.domain.report import Verdict
from dbops.domain.target import Target

_TOLD = 10


def probe_alert(report: ProbeReport, target: Target, *, run: str, link: str | None) -> Alert:
    """The one mail of a run.

    It is RECOVERED where all is well and an operation was not in the last run, and a DIGEST where nothing has happened:
    a mail that comes every week, so that its absence is noticed, and that needs no answer.
    """
    record, totals = report.record, report.totals
    left = len(report.bad) - _TOLD
    again = " Nothing of it is new." if report.is_old_news else ""
    trip = "" if report.usual_round_trip is None else f", usually {format_ms(report.usual_round_trip)}"
    slowest = record.of(totals.slowest)
    return Alert(
        severity=_severity(report),
        job="probe",
        target=target.name,
        environment=target.environment,
        headline=report.headline() + again,
        details=(
            *(report.told(one) for one in report.bad[:_TOLD]),
            *([f"{left} more, see the log."] if left > 0 else []),
            *(f"Well again: {name}." for name in report.recovered),
            *(report.now_usual(name) for name in report.settled),
            *record.notes,
            *_server(report),
        ),
        remedy=_remedy(report),
        facts=(
            ("Passed", totals.models() or "none"),
            ("All", totals.overall()),
            *(
                (("Slowest", f"{slowest.probe}, p95 {format_ms(slowest.latency.p95)}"),)
                if slowest and slowest.latency
                else ()
            ),
            ("Above 100 ms", totals.slow_ones()),
            ("Round trip", f"{format_ms(record.round_trip.p50)}{trip}"),
            ("Connecting", format_ms(record.connect.p50)),
            *((("Page", record.page),) if record.page else ()),
            ("Run", run),
        ),
        link=link,
    )


def _severity(report: ProbeReport) -> Severity:
    if report.verdict is Verdict.FAILED:
        return Severity.FAILED
    if report.verdict is Verdict.WARNING:
        return Severity.WARNING
    return Severity.RECOVERED if report.recovered else Severity.DIGEST


def _server(report: ProbeReport) -> list[str]:
    """What can be better, and does not alarm."""
    record = report.record
    said = [f"Health: {item.name} is {item.value}. {item.remedy}" for item in record.health if item.status == "warning"]
    unknown = [item.name for item in record.health if item.status == "unknown"]
    if unknown:
        said.append(f"Our role may not see everything of the server's health: {', '.join(unknown)}.")
    if record.proposals:
        names = ", ".join(f"{one.name} on {one.table}" for one in record.proposals)
        said.append(f"Proposed, and unproven: {names}.")
    if record.escapes:
        said.append(f"The rollbacks did not take back {format_count(len(record.escapes), 'thing')}, see the log.")
    return said


def _remedy(report: ProbeReport) -> str:
    """The next step: for what failed, for what is slow, and for what is proposed."""
    parts = []
    if any(one.is_failed for one in report.bad):
        parts.append(
            f"Put the operation right that fails, or its file in include/sql/{report.target}/probes/ where it asks for "
            "what is no longer there."
        )
    if any(one.explained or one.advice for one in report.bad):
        parts.append("The log has the plans and what they lack.")
        statements = dict.fromkeys(
            piece.sql.rstrip().removesuffix(";")
            for one in report.bad
            for piece in one.advice
            if piece.sql and piece.kind == "statistics"
        )
        parts += [f"Renew the statistics: {statement};" for statement in statements]
    bad = {one.probe for one in report.bad}
    asked_for = [one for one in report.record.proposals if bad & set(one.probes)]
    if asked_for:
        what = "index: its migration lies" if len(asked_for) == 1 else "indexes: their migrations lie"
        place = migrations_place(report.record)
        parts.append(f"Review and try the proposed {what} below {place}." if place else "Try what is proposed.")
    if any(one.is_over_budget and not (one.slower or one.is_failed or one.advice) for one in report.bad):
        parts.append("An operation that is as fast as it can be needs another budget.")
    if not report.record.results:
        parts.append("See in the log why nothing was timed.")
    return " ".join(parts)
