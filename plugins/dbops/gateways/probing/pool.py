"""The cold start of a connection pool: many connections at once, each of which asks, timed from when it should begin.

A connection that is late because the others keep the machine or the server busy has waited all the same: measured from
when its thread came to it, the wait would be left out (coordinated omission).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing.session import Session, opened

_LEAD_NS = 2_000_000  # so that every thread waits for the moment, and not the moment for a thread


@dataclass
class Burst:
    """What came of opening a pool once: ``waits`` in nanoseconds, one a connection; or the first ``error``."""

    waits: list[int] = field(default_factory=list)
    error: BaseException | None = None
    drawn: Drawn = field(default_factory=Drawn)

    @property
    def total(self) -> int:
        """Until every connection had answered."""
        return max(self.waits)


class _Opening:
    """One burst while it happens."""

    def __init__(self, address: DatabaseAddress, probe: Probe) -> None:
        self.address, self.probe = address, probe
        self.start = 0
        self.go = threading.Event()
        self.stopped = False
        self.lock = threading.Lock()
        self.connections: list[Any] = []
        self.done: list[tuple[int, Drawn]] = []
        self.errors: list[tuple[BaseException, Drawn]] = []

    def run(self, drawn: Drawn) -> None:
        """One connection: open, ask, close."""
        self.go.wait()
        if self.stopped:
            return
        time.sleep(max(0, self.start - time.perf_counter_ns()) / 1e9)
        try:
            session, _ = opened(self.address)
        except Exception as error:  # noqa: BLE001 - burst raises it
            self.errors.append((error, drawn))
            return
        with self.lock:
            self.connections.append(session.connection)
        try:
            if not self.stopped:
                self._ask(session, drawn)
        except Exception as error:  # noqa: BLE001 - burst raises it
            self.errors.append((error, drawn))
        finally:
            with self.lock:
                self.connections.remove(session.connection)
            session.connection.close()

    def _ask(self, session: Session, drawn: Drawn) -> None:
        writing = session.writing() if self.probe.writes else contextlib.nullcontext()
        with writing:
            for query in session.ready(self.probe, drawn):
                session.ask(query)
            took = time.perf_counter_ns() - self.start
        self.done.append((took, drawn))

    def stop(self) -> None:
        """Let no thread begin anything more, and end what their statements are doing."""
        self.stopped = True
        self.go.set()
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(psycopg2.Error):
                    connection.cancel()


def burst(address: DatabaseAddress, probe: Probe, drawn: Sequence[Drawn]) -> Burst:
    """Open one connection for each of these sets of parameters, all at once, and let each execute the probe.

    All are closed when it returns, however it does. An error of the server is in what it returns.
    """
    opening = _Opening(address.with_token_of_now(), probe)
    threads = [threading.Thread(target=opening.run, args=(one,), name=f"pool {probe.name}") for one in drawn]
    started: list[threading.Thread] = []
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        opening.start = time.perf_counter_ns() + _LEAD_NS
        opening.go.set()
        for thread in started:
            thread.join()
    except BaseException:
        opening.stop()
        for thread in started:
            thread.join()
        raise
    if opening.errors:
        error, of = opening.errors[0]
        if not isinstance(error, psycopg2.Error):
            raise error
        return Burst(error=error, drawn=of)
    longest = max(opening.done, key=lambda one: one[0])
    return Burst([wait for wait, _ in opening.done], drawn=longest[1])
