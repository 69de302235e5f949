"""A session that probes: what it may do and how long, and how a probe is executed in it and timed.

The driver is used directly: SQLAlchemy's own work would be part of what is measured.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
from psycopg2 import extensions

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.database_settings import Setting
from dbops.domain.servers.session_options import session_options
from dbops.domain.sql.object_names import quoted
from dbops.errors import DatabaseError, InvalidConnection
from dbops.gateways.probing.query import filled
from dbops.gateways.server.connecting import connect_as_application
from dbops.gateways.server.refusals import is_lost
from dbops.gateways.server.sessions import unreachable

APPLICATION_NAME = "dbops probe"
WHY_DIRECT = "probes need their own session"
_IDLE_MS = 10_000
JSON = (114, 3802, 199, 3807)  # json, jsonb and arrays of them
_COSTLY = (*JSON, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 1115, 1182, 1183, 1185, 1187, 1270, 1231)
# What somebody has set for the role would end a session that waits its turn, and not every version has them.
_NO_LIMITS = """SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout')"""
_FAREWELL = "FATAL:"
# A session-level advisory lock outlives the ROLLBACK.
_ROLLBACK = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()"


def probing_address(address: DatabaseAddress, options: ProbeOptions) -> DatabaseAddress:
    """The same address with the settings of a probing session, which so come with the log-in, at no round trip.

    Raises InvalidConnection where it leads through a transaction pooler: there the settings would stay with sessions
    that others use.
    """
    if address.pooled:
        raise InvalidConnection(
            f"The connection goes through a transaction pooler (pgbouncer=true); {WHY_DIRECT}.",
            "Give it the direct URL of the database: the one Prisma calls DIRECT_URL.",
        )
    statement_ms, lock_ms = _milliseconds(options.statement_timeout), _milliseconds(options.lock_timeout)
    settings = {
        "statement_timeout": str(statement_ms),
        "lock_timeout": str(lock_ms),
        "idle_in_transaction_session_timeout": str(max(statement_ms, _IDLE_MS)),
        "default_transaction_read_only": "on",
        "timezone": "UTC",
        "standard_conforming_strings": "on",
    }
    if address.search_schema is not None:
        settings["search_path"] = quoted(address.search_schema)
    own = session_options(Setting(name, value) for name, value in settings.items())
    return replace(
        address,
        options={**address.options, "application_name": APPLICATION_NAME},
        session_options=f"{address.session_options} {own}".strip(),
    )


class Session:
    """One connection, in which every statement is a transaction of its own, that can only read.

    A statement may take ``statement_seconds``. ``drawn`` is what draws have given, by their query and the seed.
    """

    def __init__(self, connection: Any, address: DatabaseAddress) -> None:
        self.connection, self.address, self.statement_seconds = connection, address, math.inf
        self.drawn: dict[tuple[str, int], tuple[list[str], list[tuple[Any, ...]]]] = {}
        connection.autocommit = True
        self.cursor = connection.cursor()
        # Else what takes Python long to read, as JSON does, would be measured with it; and a date may be too far off.
        extensions.register_type(extensions.new_type(_COSTLY, "AS_TEXT", extensions.UNICODE), self.cursor)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a statement; raises psycopg2.Error."""
        self.cursor.execute(query)
        return list(self.cursor.fetchall()) if self.cursor.description else []

    def is_replica(self) -> bool:
        """Whether nothing can be written here; raises psycopg2.Error."""
        ((is_replica,),) = self.ask("SELECT pg_catalog.pg_is_in_recovery()")
        return bool(is_replica)

    def ready(self, probe: Probe, drawn: Drawn) -> list[str]:
        """The probe's statements, with these parameters, as they are sent."""
        return [filled(self.cursor, statement, drawn).text for statement in probe.statements]

    def timed(self, queries: Iterable[str], *, writes: bool) -> int:
        """Nanoseconds that it takes to execute these and to fetch all rows; raises psycopg2.Error.

        Those that write do so between BEGIN and ROLLBACK, which are not in the time.
        """
        if not writes:
            return self._timed(queries)
        with self.writing():
            return self._timed(queries)

    def _timed(self, queries: Iterable[str]) -> int:
        cursor = self.cursor
        began = time.perf_counter_ns()
        for query in queries:
            cursor.execute(query)
            if cursor.description is not None:
                cursor.fetchall()
        return time.perf_counter_ns() - began

    def round_trip(self) -> int:
        """Nanoseconds that an empty statement takes."""
        cursor = self.cursor
        began = time.perf_counter_ns()
        try:
            cursor.execute(";")
        except psycopg2.ProgrammingError as error:  # the server has answered that there was nothing, which it calls so
            took = time.perf_counter_ns() - began
            if error.pgcode is not None:
                raise
            return took
        return time.perf_counter_ns() - began

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Within, one transaction that may write and is rolled back; raises psycopg2.Error."""
        return self._rolled_back("BEGIN READ WRITE")

    @contextlib.contextmanager
    def _rolled_back(self, begin: str) -> Iterator[None]:
        """Within, one transaction; raises psycopg2.Error, also where only the ROLLBACK finds the session gone."""
        self._listen()
        self.cursor.execute(begin)
        try:
            yield
        except BaseException:
            with contextlib.suppress(psycopg2.Error):  # what came first says why
                self.cursor.execute(_ROLLBACK)
            raise
        self._listen()
        self.cursor.execute(_ROLLBACK)

    def _listen(self) -> None:
        """Take in what the server has said unasked: the driver loses that when it sends to a session that is over."""
        with contextlib.suppress(psycopg2.Error):
            self.connection.poll()

    def lost(self, error: BaseException) -> DatabaseError:
        """What to raise where that error was the end of the session: the server's own reason where it gave one."""
        farewells = [notice for notice in self.connection.notices if notice.startswith(_FAREWELL)]
        said = farewells[-1].removeprefix(_FAREWELL) if farewells and self.connection.closed else str(error)
        return unreachable(said, self.address)

    def require(self, error: BaseException) -> None:
        """Raise DatabaseError where that error was the end of the session."""
        if is_lost(error, self.connection):
            raise self.lost(error) from None

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Within, one transaction that can only read and is rolled back; raises psycopg2.Error."""
        return self._rolled_back("BEGIN READ ONLY")


def opened(address: DatabaseAddress) -> tuple[Session, int]:
    """A session at a ``probing_address``, and the nanoseconds that it took; raises psycopg2.Error."""
    address = address.with_token_of_now()
    began = time.perf_counter_ns()
    connection = connect_as_application(address)
    took = time.perf_counter_ns() - began
    try:
        return Session(connection, address), took
    except BaseException:
        connection.close()
        raise


@contextlib.contextmanager
def session(address: DatabaseAddress, options: ProbeOptions) -> Iterator[Session]:
    """A probing session, closed afterwards whatever happens; raises DatabaseError where there is none, or none left."""
    try:
        one, _ = opened(probing_address(address, options))
        one.statement_seconds = options.statement_timeout.total_seconds()
    except psycopg2.Error as error:
        raise unreachable(str(error), address) from None
    try:
        one.ask(_NO_LIMITS)
        yield one
    except psycopg2.Error as error:
        raise one.lost(error) from None
    finally:
        one.connection.close()


def _milliseconds(duration: timedelta) -> int:
    return max(1, round(duration.total_seconds() * 1000))
