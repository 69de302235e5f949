"""ConnectionGauge: how many connections there are while a load runs, and the end of it where others need them."""

from __future__ import annotations

import time
from typing import Any

import psycopg2

from dbops.domain.servers.connection_limits import ConnectionLimits
from dbops.gateways.load.halt import Halt
from dbops.gateways.server.connection_limits import read_connection_limits
from dbops.gateways.server.unanswered import answered

_WATCH_TIMEOUT_MS = 5_000
_WATCH_PATIENCE = 2 * _WATCH_TIMEOUT_MS / 1000
_WATCH_EVERY = 0.5  # seconds
_CANCEL_PATIENCE = 5.0


class ConnectionGauge:
    """Asks the server how many connections there are, and halts everything where too few are free."""

    def __init__(self, control: Any, free_percent: float, halt: Halt) -> None:
        self._control = control
        self._cursor = control.cursor()
        self._cursor.execute(f"SET statement_timeout = {_WATCH_TIMEOUT_MS}")
        self._percent, self._halt = free_percent, halt
        self._next = 0.0
        self.first = self.now = self.read()
        self.most_used, self.least_free = self.first.used, self.first.least_free

    def read(self) -> ConnectionLimits:
        """What the server says now."""
        return answered(lambda: read_connection_limits(self._cursor), self._control, seconds=_WATCH_PATIENCE)

    def cancel(self, pids: list[int]) -> bool:
        """End what these sessions execute; whether the server answered."""
        query = "SELECT pg_cancel_backend(pid) FROM unnest(%s::int[]) AS pid"
        try:
            answered(lambda: self._cursor.execute(query, (pids,)), self._control, seconds=_CANCEL_PATIENCE)
        except psycopg2.Error:
            return False
        return True

    def look(self) -> ConnectionLimits:
        """Ask, remember the worst, and halt everything where fewer are free than are to stay free."""
        self.now = self.read()
        self.most_used = max(self.most_used, self.now.used)
        self.least_free = min(self.least_free, self.now.least_free)
        tightest = self.now.tightest(self._percent)
        if tightest.room(self._percent) < 0:
            self._halt.because(
                f"other clients needed connections: {tightest.free} of the {tightest.limit} of {tightest.who} were "
                f"still free, and {tightest.kept(self._percent)}"
            )
        return self.now

    def watch(self) -> None:
        """Look, unless that was done just now."""
        if time.monotonic() >= self._next:
            self.look()
            self._next = time.monotonic() + _WATCH_EVERY

    def shortage(self, wanted: int) -> str | None:
        """Why so many more cannot be opened, in a sentence without its full stop; None where they can."""
        return self.now.shortage(wanted, self._percent)
