"""Probe alert: what people are mailed of a run of the probes: an alert where something is wrong, else a calm digest."""

from __future__ import annotations

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.probes.escaping import stays
from dbops.domain.probes.failure import HOLDERS, FailureKind, failure_kind, is_told_by
from dbops.domain.probes.remedy import remedy
from dbops.domain.probes.report import ProbeReport
from dbops.domain.report import Verdict
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_count, format_ms

_TOLD = 10


def probe_alert(report: ProbeReport, target: Target, *, run: str, link: str | None) -> Alert:
    """The one mail of a run.

    It is RECOVERED where all is well and an operation was not in the last run, and a DIGEST where nothing has happened:
    a mail that comes every week, so that its absence is noticed, and that needs no answer.
    """
    record, totals = report.record, report.totals
    failed = [one for one in report.bad if one.is_failed]
    left = len(report.bad) - _TOLD
    again = " None of this is new." if report.is_old_news else ""
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
            *report.besides(),
            *(report.now_usual(name) for name in report.settled),
            *(note for note in record.notes if not is_told_by(note, failed)),
            *_server(report),
        ),
        well_again=report.recovered,
        remedy=remedy(report),
        facts=(
            ("Worked", totals.models() or "none"),
            ("All", totals.overall()),
            *(
                (("Slowest", f"{slowest.probe}, p95 {format_ms(slowest.latency.p95)}"),)
                if slowest and slowest.latency
                else ()
            ),
            ("Above 100 ms", totals.slow_ones()),
            *((("Pools", totals.pooled()),) if totals.pools else ()),
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
    waited = any(one.is_failed and failure_kind(one.error) is FailureKind.LOCK for one in report.bad)
    said = [
        f"Health: {item.name} is {item.value}. {item.remedy}"
        for item in record.health
        if item.status == "warning" and not (waited and item.name in HOLDERS)  # these stand in the remedy
    ]
    unknown = [item.name for item in record.health if item.status == "unknown"]
    if unknown:
        said.append(f"Our role may not see everything of the server's health: {', '.join(unknown)}.")
    proposed = [one for one in record.proposals if one not in report.gone]
    if proposed:
        names = ", ".join(f"{one.name} on {one.table}" for one in proposed)
        said.append(f"Proposed, and unproven: {names}.")
    staying = sum(stays(one) for one in record.escapes)
    if staying:
        said.append(f"A rollback does not undo {format_count(staying, 'thing')}, see the log.")
    return said
