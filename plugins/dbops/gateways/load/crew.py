"""The connections of a load: opened together, asked together, and closed whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg2

from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.load.halt import Halt
from dbops.gateways.probing.session import opened
from dbops.gateways.server.refusals import is_full, is_lost, meaning
from dbops.gateways.server.sessions import unreachable
from dbops.gateways.server.unanswered import cut

T = TypeVar("T")

_ENOUGH_ERRORS = 10
_PATIENCE = 10.0  # seconds; a statement that is cancelled ends in milliseconds
_TICK = 0.1


class Crew:
    """Connections that ask in threads, for the driver waits without holding Python's lock.

    Each session is one of the probes, at their ``probing_address``: it can only read, and gives up what takes too long.
    ``cancel`` ends what the sessions of these process ids execute, and says whether the server answered: what the
    driver has for it, ``connection.cancel()``, lets no other thread run while it waits.
    """

    def __init__(self, address: DatabaseAddress, halt: Halt, *, cancel: Callable[[list[int]], bool]) -> None:
        self._address, self._halt, self._cancel = address, halt, cancel
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.connections: list[Any] = []
        self.refused = False

    def __len__(self) -> int:
        return len(self.connections)

    def grow_to(self, size: int, watch: Callable[[], None]) -> list[int]:
        """Open the connections that lack, all at once; how long each took, in ns. Raises DatabaseError.

        Those that are there stay: closed ones would still be counted by the server while their successors come. Where
        the server has none left, that halts everything.
        """
        wanted = size - len(self.connections)
        found = self.together([self._open] * wanted, watch)
        return [took for took in found if took is not None]

    def _open(self) -> int | None:
        if self._halt.stopping.is_set():
            return None
        try:
            session, took = opened(self._address)
        except psycopg2.Error as error:
            if not is_full(error):
                raise unreachable(str(error), self._address) from None
            self.refused = True
            self._halt.because("the server had no connection left for us")
            return None
        with self._lock:
            self.connections.append(session.connection)
        return took

    def together(self, works: Sequence[Callable[[], T]], watch: Callable[[], None]) -> list[T]:
        """Do all of it at once, each in a thread, while ``watch`` is called again and again; what each returned.

        Raises what one of them raised, when all have ended.
        """
        results: list[T] = []
        raised: list[Exception] = []

        def do(work: Callable[[], T]) -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is raised again, where somebody hears it
                raised.append(error)
                self._halt.stopping.set()
            else:
                results.append(result)

        self._threads = [threading.Thread(target=do, args=(work,), daemon=True, name="load") for work in works]
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_TICK)  # not for ever, so that a signal is heard meanwhile
                watch()
                if self._halt.stopping.is_set():
                    self._end_threads()
        if raised:
            raise raised[0]
        return results

    def close(self) -> None:
        """End every statement and every session."""
        self._halt.stopping.set()
        self._end_threads()
        with self._lock:
            for connection in self.connections:
                connection.close()
            self.connections.clear()

    def _end_threads(self) -> None:
        """Cancel until no thread is left, for one may have sent its next statement after the first cancel.

        Where the server does not even answer that, nothing of it is awaited any longer.
        """
        until = time.monotonic() + _PATIENCE
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            with self._lock:
                connections = [connection for connection in self.connections if not connection.closed]
            is_heard = self._cancel([connection.get_backend_pid() for connection in connections])
            if not is_heard or time.monotonic() > until:
                for connection in connections:
                    cut(connection)
            for thread in alive:
                thread.join(_TICK / len(alive))


class Asker:
    """Asks through one connection; ``errors`` counts, and their kinds are kept without a row's value."""

    def __init__(self, connection: Any, mix: Sequence[tuple[Probe, Drawn]], tally: Tally) -> None:
        self._cursor, self._mix, self._tally = connection.cursor(), mix, tally
        self._connection = connection

    def __call__(self, number: int) -> bool:
        """Execute the n-th request of the mix; whether it succeeded."""
        probe, drawn = self._mix[number % len(self._mix)]
        try:
            execute(self._cursor, probe, drawn)
        except psycopg2.Error as error:
            self._tally.failed(probe, error, lost=is_lost(error, self._connection))
            return False
        self._tally.answered()
        return True


class Tally:
    """Counts what came of requests, and halts everything where errors rise: ten, and one of fifty."""

    def __init__(self, halt: Halt) -> None:
        self._halt = halt
        self._lock = threading.Lock()
        self.requests = self.errors = 0

    def answered(self) -> None:
        """One succeeded."""
        with self._lock:
            self.requests += 1

    def failed(self, probe: Probe, error: psycopg2.Error, *, lost: bool) -> None:
        """One did not; ``lost`` where its session is gone."""
        if self._halt.stopping.is_set():
            return  # we have cancelled it ourselves
        with self._lock:
            self.requests += 1
            self.errors += 1
            rising = self.errors >= _ENOUGH_ERRORS and self.errors * 50 >= self.requests
        if lost:
            self._halt.because(f"the server ended a session of ours ({meaning(error)})")
        elif rising:
            self._halt.because(
                f"errors rose: {self.errors} of {self.requests} requests failed, the last of {probe.name}: "
                f"{meaning(error)}"
            )


def execute(cursor: Any, probe: Probe, drawn: Drawn) -> None:
    """Execute every statement of a probe and wait for all its rows; raises psycopg2.Error.

    They have arrived then. To make Python's objects of them would load our worker, not the server.
    """
    for statement in probe.statements:
        cursor.execute(statement.sql, dict(drawn.values))  # without any mapping the driver would leave %% doubled
