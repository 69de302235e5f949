"""Takes the samples of all probes, round by round, within a ceiling of time."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import psycopg2

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing.pool import Burst, burst
from dbops.gateways.probing.privileges import lacking
from dbops.gateways.probing.room import shortage_that_stays
from dbops.gateways.probing.rounds import rounds
from dbops.gateways.probing.session import Session
from dbops.gateways.probing.tally import ENOUGH_TIME_OUTS, Tally

_PATIENCE = 2.0  # seconds that a burst waits for room; what the last one left behind is gone long before
_SETTLES = 0.05  # seconds until the server has cleared away what a pool leaves behind


@dataclass
class Sampler:
    """Takes the samples: of pools over new connections at ``address``, of all others in ``session``.

    ``deadline`` is one of ``time.monotonic``. After it nothing is asked but what was not asked even once.
    """

    session: Session
    address: DatabaseAddress
    options: ProbeOptions
    deadline: float
    pause: Callable[[float], None]
    round_trips: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def sample(self, tallies: Sequence[Tally]) -> list[Tally]:
        """All samples of these probes; returns those that were not left out. Raises DatabaseError, psycopg2.Error."""
        singles = [tally for tally in tallies if not tally.probe.is_pool]
        pools = [tally for tally in tallies if tally.probe.is_pool and self._can_open(tally)]
        taking = {tally.probe.name: tally for tally in [*singles, *pools]}
        probes = [tally.probe for tally in tallies if tally.probe.name in taking]
        with _without_collections():
            for tally in [*singles, *pools]:
                self._warm_up(tally)
            for due in rounds(probes, self.options.seed):
                self.round_trips.append(self.session.round_trip())
                for probe, number in due:
                    tally = taking[probe.name]
                    if not tally.asked or not (tally.gave_up or tally.lacks or self._is_over()):
                        self._take(tally, number)
        told = [taking[probe.name] for probe in probes]
        self._tell_what_was_cut(told)
        return [tally for tally in told if tally.is_told]

    def connections_of(self, tally: Tally) -> int:
        """How many connections a pool opens beside our session, which counts as well."""
        return min(tally.probe.connections, self.options.max_concurrency - 1)

    @property
    def left(self) -> float:
        """How many seconds; never negative."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def ceiling(self) -> str:
        """The option that bounds them, in words."""
        return f"max_seconds, {self.options.max_seconds.total_seconds():g} s"

    def _is_over(self) -> bool:
        return self.left == 0

    def _can_open(self, tally: Tally) -> bool:
        """Whether there is room for a pool now; it is waited for."""
        name, take = tally.probe.name, self.connections_of(tally)
        if take < 1:
            self.notes.append(
                f"{name} was left out: max_concurrency leaves no connection besides the one that measures."
            )
            return False
        short = self._shortage(take, self.left)
        if short is not None:
            self.notes.append(f"{name} was left out because it needs {take} connections: {short}.")
        elif take < tally.probe.connections:
            self.notes.append(
                f"{name} opens {take} connections instead of {tally.probe.connections}, for with the one that measures "
                f"they are the {self.options.max_concurrency} of max_concurrency."
            )
        return short is None

    def _shortage(self, take: int, seconds: float) -> str | None:
        return shortage_that_stays(
            self.session, take, self.options.free_connections, pause=self.pause, seconds=min(seconds, self.left)
        )

    def _warm_up(self, tally: Tally) -> None:
        """Once with every kind of parameters, so that no sample is the first to read what all need."""
        if tally.probe.is_pool:
            if not self._is_over() and self._has_room(tally):
                self._burst(tally, 0)
            return
        for drawn in tally.draws.first:
            if self._is_over():
                return
            try:
                self._timed(tally, drawn)
            except psycopg2.Error:
                return  # the samples will tell

    def _timed(self, tally: Tally, drawn: Drawn) -> int:
        queries = self.session.ready(tally.probe, drawn)
        try:
            return self.session.timed(queries, writes=tally.probe.writes)
        except psycopg2.Error as error:
            self.session.require(error)
            raise

    def _take(self, tally: Tally, number: int) -> None:
        if tally.probe.is_pool:
            self._take_pool(tally, number)
            return
        drawn = tally.draws[number]
        try:
            tally.took(self._timed(tally, drawn), drawn)
        except psycopg2.Error as error:
            tally.failed(error, drawn)

    def _has_room(self, tally: Tally) -> bool:
        """Whether the server has room for one burst more: others may have come since the last one."""
        short = self._shortage(self.connections_of(tally), 0 if tally.is_short else _PATIENCE)
        tally.is_short, tally.no_room = short is not None, short or tally.no_room
        return short is None

    def _take_pool(self, tally: Tally, number: int) -> None:
        if not self._has_room(tally):
            tally.skipped += 1
            return
        came = self._burst(tally, number)
        if came.error is not None:
            tally.failed(came.error, came.drawn)
        else:
            tally.took(came.total, came.drawn)
            tally.waits += came.waits

    def _burst(self, tally: Tally, number: int) -> Burst:
        take = self.connections_of(tally)
        came = burst(self.address, tally.probe, [tally.draws[number * take + one] for one in range(take)])
        self.pause(_SETTLES)
        return came

    def _tell_what_was_cut(self, tallies: Sequence[Tally]) -> None:
        for tally in tallies:
            name, samples = tally.probe.name, tally.probe.samples
            if tally.lacks:
                texts = self.session.ready(tally.probe, tally.draws.first[0])
                self.notes.append(f"{name} was left out: {lacking(self.session, tally.lacks, texts)}.")
            elif tally.gave_up:
                self.notes.append(
                    f"{name} was executed {tally.asked} of {samples} times: it ran into a time limit "
                    f"{ENOUGH_TIME_OUTS} "
                    "times in a row."
                )
            if tally.skipped:
                self.notes.append(f"{name} found no room for {tally.skipped} of its {samples} bursts: {tally.no_room}.")
        cut = [
            tally
            for tally in tallies
            if tally.asked + tally.skipped < tally.probe.samples and not (tally.gave_up or tally.lacks)
        ]
        if cut:
            counts = ", ".join(f"{tally.probe.name} {tally.asked} of {tally.probe.samples}" for tally in cut)
            self.notes.append(f"The measurement was cut short after {self.ceiling}: {counts} samples.")


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Within, Python does not look for garbage: that would be measured as a slow statement."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
