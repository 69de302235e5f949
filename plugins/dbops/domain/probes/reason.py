"""Probe reason: why an operation is probably slow, from the most specific thing that a run has seen to the least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbops.domain.probes.history import Usual
from dbops.domain.probes.run import ProbeResult, ProbeRun, Slower
from dbops.domain.words.quantities import format_count, format_ms

_NETWORK_SHARE = 0.2  # of what an operation lost: one of five statements makes five round trips
_NOTICEABLE = 1.25  # times the usual
_MOST = 0.5
_LIKELY = "Likely reason:"
_FEW = 3  # operations, of which "everything" says nothing


def likely_reason(
    result: ProbeResult, run: ProbeRun, usually: Mapping[str, Usual], usual_round_trip: float | None
) -> str:
    """A sentence or two on an operation that was timed and is not well; what nobody can know is said as that.

    A trigger that takes the time and a changed plan are evidence for this very operation. The network and a busy server
    explain many operations at once, and are looked for only where this one has become slower. What its plan lacks
    explains those that always were slow.
    """
    trigger = next((one.sentence for one in result.advice if one.kind == "trigger"), "")
    if trigger:
        return f"{_LIKELY} {trigger}"
    advice = next((one.sentence for one in result.advice if one.kind != "plan_changed"), "")
    if any(one.kind == "plan_changed" for one in result.advice):
        return f"{_LIKELY} its plan has changed.{f' {advice}' if advice else ''}"
    around = next(_around(result.slower, run, usually, usual_round_trip), "") if result.slower else ""
    likely = around or advice or _connecting(result, run)
    if likely:
        return f"{_LIKELY} {likely}"
    if result.slower:
        return (
            "The reason is not known: nothing else that was measured has changed with it. Locks, dead rows or other "
            "work may be the cause."
        )
    shown = ": its plan shows nothing that would make it faster" if result.explained else ""
    return f"The reason is not known{shown}."


def _around(
    change: Slower, run: ProbeRun, usually: Mapping[str, Usual], usual_round_trip: float | None
) -> Iterator[str]:
    """What has become slower around the operation, and takes it along."""
    trip = run.round_trip.p50
    if usual_round_trip is not None and trip - usual_round_trip > _NETWORK_SHARE * (change.now - change.usual):
        yield (
            f"the way to the server. A round trip took {format_ms(usual_round_trip)} in the last runs, and takes "
            f"{format_ms(trip)} now."
        )
    slow, compared = _slowed(run.results, usually)
    if compared >= _FEW and slow > compared * _MOST:
        yield (
            f"something that concerns all. {slow} of {format_count(compared, 'operation')} take noticeably longer than "
            "usual, so the server is busy, or has less to work with than before."
        )


def _slowed(results: Sequence[ProbeResult], usually: Mapping[str, Usual]) -> tuple[int, int]:
    """How many operations took noticeably longer than usual, and of how many."""
    compared = [(one.latency.p50, usually[one.probe].p50) for one in results if one.latency and one.probe in usually]
    return sum(now > before * _NOTICEABLE for now, before in compared), len(compared)


def _connecting(result: ProbeResult, run: ProbeRun) -> str:
    """What always was slow because of what lies between the operation and the server."""
    if result.slower:
        return ""
    if result.waits:
        return f"connecting and logging in, which takes {format_ms(run.connect.p50)} for one connection alone."
    if result.latency and run.round_trip.p50 > _MOST * result.latency.p50:
        return f"the way to the server. A round trip alone takes {format_ms(run.round_trip.p50)}."
    return ""
