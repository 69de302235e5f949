"""Probe distance: how much of an operation's time is the way to the server, so that "far away" is told from "slow"."""

from __future__ import annotations

from statistics import median

from dbops.domain.probes.run import ProbeRun
from dbops.domain.words.quantities import format_ms

_FAR = 0.5  # of a typical operation's time


def distance(run: ProbeRun) -> str:
    """In words: the round trip, the connecting, and whether it is the way or the database that takes the time."""
    trip = run.round_trip.p50
    said = f"A round trip takes {format_ms(trip)}, connecting and logging in {format_ms(run.connect.p50)}."
    # A pool's time is mostly that of connecting.
    times = [one.latency.p50 for one in run.results if one.latency is not None and one.waits is None]
    if not times:
        return said
    typical = median(times)
    share = min(trip / typical, 1) if typical else 1.0
    if share >= _FAR:
        return (
            f"{said} The server is far away rather than slow: of the {format_ms(typical)} of a typical operation "
            f"{share:.0%} are the way there and back."
        )
    return (
        f"{said} The server is near: of the {format_ms(typical)} of a typical operation {share:.0%} are the way there "
        "and back, so what is slow is slow in the database."
    )
