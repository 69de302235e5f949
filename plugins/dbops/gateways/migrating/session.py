"""MigrationSession: the one session of a migration, which can be stopped, and which two runs never have at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import psycopg2
from psycopg2 import sql

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.statements import statements
from dbops.errors import PreflightFailed
from dbops.gateways.comes_true import comes_true
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.sessions import unreachable
from dbops.gateways.server.unanswered import cut

_APPLICATION = "dbops migrate"
_TICK = 0.05
_CANCEL_WITHIN = 3.0
_CANCEL_AGAIN_AFTER = 0.5
_GRACE = 0.5  # a single statement is ended by the server, which says so
_ORPHAN_ENDS_WITHIN = 30.0
_LOOK_EVERY = 0.2
_NO_LIMITS = """SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')"""
# Where the server can: so a statement ends with the worker that asked for it.
_END_WITH_US = "SET client_connection_check_interval = '1s'"
_ALONE = "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtext('dbops migrate'), 0)"
_HOLDERS = """SELECT pid FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid = 0
      AND classid::int8 = pg_catalog.hashtext('dbops migrate')::int8 & 4294967295
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"""


class OutOfTime(psycopg2.OperationalError):
    """The statements of a migration took longer together than one of them may."""

    pgcode = "57014"


class RowGone(psycopg2.DataError):
    """The mark of a migration has found no row of the ledger to change."""


class MigrationSession:
    """Within ``with``, a session in which each statement is a transaction of its own, unless it begins one.

    The server finishes what a dead worker asked for: so whoever comes next waits until the session of an earlier try
    has ended, and only then looks at what it did. Raises DatabaseError, and PreflightFailed where it does not end.
    """

    def __init__(self, address: DatabaseAddress, *, lock_timeout: timedelta, statement_timeout: timedelta) -> None:
        self._address = address
        self._limits = {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout}
        self._connection: Any = None
        self.pid = 0

    def __enter__(self) -> Self:
        address = self._address
        try:
            options = {**address.options, "application_name": _APPLICATION}
            self._connection = connect(replace(address, options=options), autocommit=True)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise
        except psycopg2.Error as error:
            raise unreachable(str(error), address) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(psycopg2.Error):
            self._connection.close()

    def _prepare(self) -> None:
        self._connection.set_client_encoding("UTF8")
        self.pid = self._connection.get_backend_pid()
        self.ask(_NO_LIMITS)
        with contextlib.suppress(psycopg2.Error):
            self.ask(_END_WITH_US)
        self._wait_for_orphan()
        for name, limit in self._limits.items():
            self.limit(name, limit)
        # Last: from here on names mean what they mean to the migration.
        schema = self._address.search_schema
        path = sql.SQL("DEFAULT") if schema is None else sql.Identifier(schema)
        self.ask(sql.SQL("SET search_path = {}").format(path))

    def _wait_for_orphan(self) -> None:
        def is_alone() -> bool:
            return self.ask(_ALONE) == [(True,)]

        if not comes_true(is_alone, within=_ORPHAN_ENDS_WITHIN, look_every=_LOOK_EVERY):
            pids = ", ".join(str(pid) for (pid,) in self.ask(_HOLDERS))
            raise PreflightFailed(
                f"A session of an earlier attempt is still migrating {self._address.database}: the server's process "
                f"{pids or 'that has just ended'}.",
                "Wait until it has ended, or end it with pg_cancel_backend; then start this step again.",
            )

    def limit(self, name: str, limit: timedelta) -> None:
        """Set a time limit of this session; raises psycopg2.Error."""
        self.ask(f"SET {name} = {max(0, round(limit.total_seconds() * 1000))}")

    def ask(self, query: Any, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement that does not take long; raises psycopg2.Error."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def is_lost(self) -> bool:
        """Whether there is no session any more."""
        return bool(self._connection.closed)

    def execute(self, text: str, meanwhile: Callable[[], None]) -> None:
        """Run a text as one simple query; raises psycopg2.Error.

        ``meanwhile`` is called again and again until it is over. Whatever that raises, as a signal in this thread
        does, cancels the statement on the server, and is raised when it has ended.
        """
        self._run(lambda cursor: _run_text(cursor, text), meanwhile)

    def transact(self, text: str, mark: str, meanwhile: Callable[[], None]) -> None:
        """Run a text, and the statement ``mark``, in one transaction; see ``execute``.

        The mark has to change exactly one row: else RowGone, and nothing was changed. All statements of the text
        together have the statement timeout: locks are held to the end. Else OutOfTime, and nothing was changed.
        """
        limit = self._limits["statement_timeout"].total_seconds()
        in_text, expired = threading.Event(), threading.Event()
        cancel_at = time.monotonic() + limit + _GRACE

        def work(cursor: Any) -> None:
            cursor.execute("BEGIN")
            try:
                in_text.set()
                _run_text(cursor, text)
                in_text.clear()
                cursor.execute("RESET SESSION AUTHORIZATION")  # the mark is ours to write, whoever the text has become
                cursor.execute("RESET ROLE")
                cursor.execute(mark)
                if cursor.rowcount != 1:
                    raise RowGone("the ledger's row of this migration is gone")
                cursor.execute("COMMIT")
            except psycopg2.Error as error:
                in_text.clear()
                with contextlib.suppress(psycopg2.Error):
                    cursor.execute("ROLLBACK")
                if expired.is_set() and error.pgcode == OutOfTime.pgcode:
                    raise OutOfTime(
                        f"its statements together took longer than migrations.statement_timeout ({limit:g} s), and "
                        "hold their locks to the end"
                    ) from None
                raise

        def looking() -> None:
            nonlocal cancel_at
            meanwhile()
            if limit and in_text.is_set() and time.monotonic() >= cancel_at:
                expired.set()
                cancel_at = time.monotonic() + _CANCEL_AGAIN_AFTER  # one that comes between two statements is lost
                threading.Thread(target=self._cancel, daemon=True, name="cancel").start()

        self._run(work, looking)

    def _run(self, work: Callable[[Any], None], meanwhile: Callable[[], None]) -> None:
        raised: list[BaseException] = []
        over = threading.Event()

        def run() -> None:
            try:
                with self._connection.cursor() as cursor:
                    work(cursor)
            except BaseException as error:  # noqa: BLE001 - it is raised again, where somebody hears it
                raised.append(error)
            finally:
                over.set()

        # The driver waits deaf to signals: it does so in another thread. A join that a signal ends would take the
        # thread for ended too (Python 3.11), so an event says when it is over.
        threading.Thread(target=run, daemon=True, name="migrate").start()
        try:
            while not over.wait(_TICK):
                meanwhile()
        except BaseException:
            self._stop(over)
            raise
        if raised:
            raise raised[0]

    def _stop(self, over: threading.Event) -> None:
        """Cancel what runs on the server, and wait for its end; where the server does not answer, cut the line."""
        deadline = time.monotonic() + _CANCEL_WITHIN
        while not over.is_set() and time.monotonic() < deadline:
            # In a thread too: where the line is dead, this would not answer either.
            threading.Thread(target=self._cancel, daemon=True, name="cancel").start()
            over.wait(_CANCEL_WITHIN / 4)
        while not over.is_set():
            cut(self._connection)
            over.wait(_TICK)

    def _cancel(self) -> None:
        with contextlib.suppress(psycopg2.Error):
            self._connection.cancel()


def _run_text(cursor: Any, text: str) -> None:
    if statements(text):  # the driver refuses a text without one
        cursor.execute(text)
