"""Puts a server under load, step by step, and never takes the connections that others need.

Before each step, and twice a second while it runs, a session of its own asks how many connections there are. A step
that does not fit beside what is to stay free is left out; where others come and take of that, all is closed at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import psycopg2

from dbops.domain.load.mix import mix
from dbops.domain.load.steps import STEPS, Load, LoadStep
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.probes.latency import Latency
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.load.crew import Asker, Crew, Tally, execute
from dbops.gateways.load.gauge import ConnectionGauge
from dbops.gateways.load.halt import Halt
from dbops.gateways.load.schedule import (
    NANOSECONDS,
    Numbers,
    Sample,
    Schedule,
    StoppableTimer,
    ask_on_schedule,
    ask_without_pause,
)
from dbops.gateways.probing.session import probing_address
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.refusals import meaning
from dbops.gateways.server.sessions import translated

_HERE = ("localhost", "127.", "::1", "/")
_HEAD_START = NANOSECONDS // 20  # so that every thread is there when the first request is due
_BURST = 0.4  # of a step's time is without a pause, the rest at a fixed rate
_RATE = 0.7  # of what a step can do without a pause


def put_under_load(
    address: DatabaseAddress,
    drawn: Sequence[tuple[Probe, Sequence[Drawn]]],
    options: ProbeOptions,
    *,
    steps: Sequence[int] = STEPS,
    seconds: float = 5.0,
    tell: Callable[[str], None] = lambda _sentence: None,
) -> Load:
    """Execute the probes over so many connections at once, ``seconds`` for each step; raises DatabaseError.

    However it ends, every statement is cancelled then and every session closed.
    """
    halt = Halt()
    probing = probing_address(address, options)
    with translated(address), closing(connect(probing, autocommit=True)) as control:
        gauge = ConnectionGauge(control, options.free_connections, halt)
        crew = Crew(probing, halt, cancel=gauge.cancel)
        try:
            loading = _Loading(crew, gauge, halt, seconds, tell, local=is_local(address))
            return loading.all_steps(mix(drawn, options.seed), steps)
        finally:
            crew.close()


class _Loading:
    def __init__(
        self,
        crew: Crew,
        gauge: ConnectionGauge,
        halt: Halt,
        seconds: float,
        tell: Callable[[str], None],
        *,
        local: bool,
    ) -> None:
        self._local = local
        self._crew, self._gauge, self._halt = crew, gauge, halt
        self._timer, self._seconds, self._tell = StoppableTimer(halt.stopping), seconds, tell
        self._notes: list[str] = []

    def all_steps(self, requests: list[tuple[Probe, Drawn]], sizes: Sequence[int]) -> Load:
        """Every step that fits, until something halts them."""
        steps: list[LoadStep] = []
        for number, size in enumerate(sizes):
            limits = self._gauge.look()
            if not self._halt.reason and (lack := self._gauge.shortage(size - len(self._crew))):
                left_out = " and ".join(map(str, sizes[number:]))
                self._notes.append(f"The steps with {left_out} connections were left out: {lack}.")
                break
            connected = self._crew.grow_to(size, self._gauge.watch)
            self._gauge.look()
            if number == 0 and connected:
                requests = self._tried(requests)
            if self._halt.stopping.is_set() or not requests:
                break
            self._tell(f"{size} of {limits.max_connections} connections")
            step = self._step(requests, connected)
            if step is None:
                break
            steps.append(step)
        return Load(
            steps=tuple(steps),
            limits=self._gauge.first,
            most_used=self._gauge.most_used,
            least_free=self._gauge.least_free,
            refused=self._crew.refused,
            local=self._local,
            stopped=self._halt.reason,
            notes=tuple(self._notes),
        )

    def _tried(self, requests: list[tuple[Probe, Drawn]]) -> list[tuple[Probe, Drawn]]:
        """Those of probes that work: each is executed once before, which warms the caches too. Raises DatabaseError."""
        tried = {probe.name: (probe, drawn) for probe, drawn in reversed(requests)}
        broken: set[str] = set()

        def try_all() -> None:
            for probe, drawn in tried.values():
                if self._halt.stopping.is_set():
                    return
                try:
                    with self._crew.connections[0].cursor() as cursor:
                        execute(cursor, probe, drawn)
                except psycopg2.Error as error:
                    broken.add(probe.name)
                    self._notes.append(f"Probe {probe.name} was left out because it failed: {meaning(error)}.")

        self._crew.together([try_all], self._gauge.watch)
        working = [(probe, drawn) for probe, drawn in requests if probe.name not in broken]
        if not working and not self._halt.stopping.is_set():
            raise DatabaseError(
                "No probe could be executed, so there was nothing to load the server with.",
                " ".join(self._notes),
            )
        return working

    def _step(self, requests: list[tuple[Probe, Drawn]], connected: list[int]) -> LoadStep | None:
        """One step; None where it did not come to its end, for half a step would compare with no other."""
        tally = Tally(self._halt)
        askers = [Asker(connection, requests, tally) for connection in self._crew.connections]
        burst = round(self._seconds * _BURST * NANOSECONDS)
        numbers = Numbers()
        start = self._timer.now() + _HEAD_START
        cpu = time.process_time()
        quick = self._all(
            [
                partial(ask_without_pause, numbers, asker, self._timer, start=start, end=start + burst)
                for asker in askers
            ]
        )
        if not any(sample.ok for sample in quick):
            self._halt.because("no request succeeded")
        if self._halt.stopping.is_set():
            return None
        took = max(burst, max(sample.done for sample in quick) - start) / NANOSECONDS
        cpu = (time.process_time() - cpu) / took
        throughput = sum(sample.ok for sample in quick) / took
        rate = throughput * _RATE
        steady = self._seconds * (1 - _BURST)
        start = self._timer.now() + _HEAD_START
        schedule = Schedule(start, rate=rate, seconds=steady)
        # What was due in time may be sent until twice that time: a backlog that is still there then does not drain.
        end = start + 2 * round(steady * NANOSECONDS)
        paced = self._all([partial(ask_on_schedule, schedule, asker, self._timer, end=end) for asker in askers])
        if self._halt.stopping.is_set() or not paced:
            return None
        late = sorted(sample.sent - sample.due for sample in paced if sample.idle)
        unsent = schedule.untaken()
        return LoadStep(
            connections=len(askers),
            throughput=throughput,
            busy=Latency.of(sample.service for sample in quick),
            rate=rate,
            response=Latency.of([*(sample.response for sample in paced), *(end - due for due in unsent)]),
            service=Latency.of(sample.service for sample in paced),
            connect=Latency.of(connected),
            requests=tally.requests,
            errors=tally.errors,
            unanswered=len(unsent),
            worker_cpu=cpu,
            worker_delay_ms=late[math.ceil(len(late) * 0.95) - 1] / 1e6 if late else 0.0,
            local=self._local,
        )

    def _all(self, works: Sequence[Callable[[], list[Sample]]]) -> list[Sample]:
        return [sample for samples in self._crew.together(works, self._gauge.watch) for sample in samples]


def is_local(address: DatabaseAddress) -> bool:
    """Whether the server runs on our own machine, as far as its address tells."""
    return address.host is None or address.host.startswith(_HERE)
