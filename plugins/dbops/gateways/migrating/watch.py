"""MigrationWatch: looks at a running migration from a second session. Nothing hangs on what it sees."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg2

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.unanswered import cut

_EVERY = 0.5
_PATIENCE = 2.0
_AGAIN_AFTER = 5.0


@dataclass(frozen=True)
class Seen:
    """``phase`` is empty where no index is being built."""

    phase: str = ""
    done: int = 0
    total: int = 0
    waits_for: tuple[int, ...] = ()


class MigrationWatch:
    """Within ``with``, ``seen`` is what the session of the process ``pid`` was last seen doing.

    Where it cannot be seen that is nothing, and the migration goes on.
    """

    def __init__(self, address: DatabaseAddress, pid: int) -> None:
        self._address, self._pid = address, pid
        self._over = threading.Event()
        self._connection: Any = None
        self._thread = threading.Thread(target=self._keep_looking, name="migration watch", daemon=True)
        self.seen = Seen()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(_PATIENCE)
        if self._thread.is_alive() and self._connection is not None:
            with contextlib.suppress(psycopg2.Error):
                cut(self._connection)

    def _keep_looking(self) -> None:
        query = catalog_sql("migration_progress")
        while not self._over.is_set():
            try:
                self._look(query)
            except psycopg2.Error:
                self.seen = Seen()
            self._over.wait(_AGAIN_AFTER)

    def _look(self, query: str) -> None:
        self._connection = connect(self._address, autocommit=True)
        with contextlib.closing(self._connection) as connection, connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'")
            while not self._over.is_set():
                cursor.execute(query, {"pid": self._pid})
                row = cursor.fetchone()
                if row is not None:
                    phase, total, done, waits_for = row
                    self.seen = Seen(phase, done, total, tuple(sorted(set(waits_for or ()))))
                self._over.wait(_EVERY)
