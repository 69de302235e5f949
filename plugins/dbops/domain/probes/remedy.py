"""Probe remedy: the next step after a run: for what failed, what is slow, what is proposed and what was left out."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.probes.failure import failure_remedies
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.sections import migrations_place


def remedy(report: ProbeReport) -> str:
    """In sentences; empty where nothing is to be done."""
    return " ".join(_parts(report))


def _parts(report: ProbeReport) -> Iterator[str]:
    record, bad = report.record, report.bad
    yield from failure_remedies([one for one in bad if one.is_failed], record.health, target=report.target)
    if any(one.explained or one.advice for one in bad):
        yield "The log has the plans and what they lack."
        statements = dict.fromkeys(
            piece.sql.rstrip().removesuffix(";")
            for one in bad
            for piece in one.advice
            if piece.sql and piece.kind == "statistics"
        )
        yield from (f"Renew the statistics: {statement};" for statement in statements)
    names = {one.probe for one in bad}
    asked_for = [one for one in record.proposals if names & set(one.probes) and one not in report.gone]
    if asked_for:
        what = "index: its migration lies" if len(asked_for) == 1 else "indexes: their migrations lie"
        place = migrations_place(record)
        yield f"Review and try the proposed {what} below {place}." if place else "Try what is proposed."
    if report.gone:
        what = "index that is gone" if len(report.gone) == 1 else "indexes that are gone"
        yield f"Find out who dropped the {what}, and create {'it' if len(report.gone) == 1 else 'them'} again."
    if any(one.is_over_budget and not (one.slower or one.is_failed or one.advice) for one in bad):
        yield "An operation that is as fast as it can be needs another budget."
    if report.left_out_again:
        yield "Make room for what was not measured, or nobody will know when it becomes slow."
    if not record.results:
        yield "See in the log why nothing was timed."
