"""Measures how long probes take, over one session and the pools that they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psycopg2

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Probe
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measured, Measurement
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import PreflightFailed
from dbops.gateways.probing.draws import DrawRefused, NothingDrawn, OutOfTime, draw
from dbops.gateways.probing.room import PAUSES, pauses, shortage_that_stays
from dbops.gateways.probing.sampling import Sampler
from dbops.gateways.probing.session import Session, opened, probing_address, session
from dbops.gateways.probing.tally import Tally
from dbops.gateways.server.refusals import is_full
from dbops.gateways.server.sessions import first_line, unreachable

_CONNECTS = 5
_ROUND_TRIPS = 10
_REMEDY = (
    "Free connections on the server, or probe at a quieter time; probes.free_connections says how many are left free."
)


def measure(
    address: DatabaseAddress,
    probes: Sequence[Probe],
    options: ProbeOptions,
    *,
    seconds: float | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Measurement:
    """Execute every probe again and again and say how long each took; nothing of what they write stays.

    What is left out, for lack of connections or on a replica, is not among ``measured`` but in ``notes``. Raises
    DatabaseError where the server cannot be reached or the session is lost, PreflightFailed where too few connections
    are free. ``seconds`` are what is left of max_seconds, all of them where nothing is said; after that only what was
    not asked even once is. ``pause`` waits seconds.
    """
    began = time.monotonic()
    left = options.max_seconds.total_seconds() if seconds is None else seconds
    connects = _connect_times(address, options, pause, left)
    with session(address, options) as one:
        short = shortage_that_stays(one, 0, options.free_connections, pause=pause, seconds=min(sum(PAUSES), left))
        if short is not None:
            raise PreflightFailed(f"The probes cannot be measured: {short}.", _REMEDY)
        sampler = Sampler(one, probing_address(address, options), options, began + left, pause)
        able = _able(one, probes, sampler.notes)
        tallies, refused = _drawn(sampler, able)
        sampler.round_trips += [one.round_trip() for _ in range(_ROUND_TRIPS)]
        measured = {tally.probe.name: tally.measured() for tally in sampler.sample(tallies)} | refused
    return Measurement(
        measured=tuple(measured[probe.name] for probe in able if probe.name in measured),
        round_trip=Latency.of(sampler.round_trips),
        connect=Latency.of(connects),
        notes=tuple(sampler.notes),
        seconds=time.monotonic() - began,
    )


def _connect_times(
    address: DatabaseAddress, options: ProbeOptions, pause: Callable[[float], None], seconds: float
) -> list[int]:
    """Nanoseconds of opening a connection and logging in, some times; the first may have to wait for a free one."""
    to = probing_address(address, options)
    waits = pauses(min(sum(PAUSES), seconds))
    times: list[int] = []
    while len(times) < _CONNECTS:
        try:
            one, took = opened(to)
        except psycopg2.Error as error:
            if not is_full(error):
                raise unreachable(str(error), address) from None
            wait = next(waits, None)
            if wait is None:
                raise PreflightFailed(
                    f"The probes cannot be measured because no connection is free: {first_line(str(error))}.", _REMEDY
                ) from None
            pause(wait)
        else:
            one.connection.close()
            times.append(took)
    return times


def _able(one: Session, probes: Sequence[Probe], notes: list[str]) -> list[Probe]:
    """Those that can run here."""
    is_replica = one.is_replica()
    left_out = [probe.name for probe in probes if probe.writes and is_replica]
    if left_out:
        names = ", ".join(left_out)
        notes.append(f"The server is a replica, which accepts no writes, so these were left out: {names}.")
    return [probe for probe in probes if probe.name not in left_out]


def _drawn(sampler: Sampler, probes: Sequence[Probe]) -> tuple[list[Tally], dict[str, Measured]]:
    """The probes with their parameters, and what is to be said of those whose draws fail; others are left out."""
    tallies, refused, late = [], {}, []
    for probe in probes:
        try:
            draws = draw(sampler.session, probe, sampler.options.seed, seconds=sampler.left)
        except NothingDrawn:
            sampler.notes.append(f"{probe.name} was left out because its draws return no row.")
        except OutOfTime:
            late.append(probe.name)
        except DrawRefused as error:
            refused[probe.name] = Measured(probe=probe.name, asked=1, latency=None, errors=1, error=str(error))
        else:
            tallies.append(Tally(probe, draws))
            for kind in draws.empty:
                sampler.notes.append(f'The draw "{kind}" of {probe.name} returns no row, and was left out.')
    if late:
        sampler.notes.append(f"No time of {sampler.ceiling}, was left to draw the parameters of {', '.join(late)}.")
    return tallies, refused
