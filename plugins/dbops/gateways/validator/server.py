"""The server as the validator uses it: one engine, read-only transactions, every refusal told without a row's value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import quoted
from dbops.errors import DatabaseError
from dbops.gateways.server.connecting import engine
from dbops.gateways.server.refusals import harmless_line, is_cancelled, meaning
from dbops.gateways.server.sessions import first_line, unreachable

_ABOUT_CATALOG = re.compile(r"\bpg_catalog\.|\bpg_(?:class|namespace|attribute|constraint|index)\b")
_NO_DATA = re.compile(r"^\s*(?:EXPLAIN|SET|SHOW|BEGIN|ROLLBACK|COMMIT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Refusal:
    """What the server said no to: ``sentence`` repeats no row. ``too_late`` is its statement_timeout."""

    sentence: str
    too_late: bool = False


@dataclass
class Server:
    """One database of one validation. ``statements`` counts those that read data, ``refusals`` are since ``heard``.

    ``expired`` says that one of these took too long. Until ``heard`` no other is sent then: Great Expectations would
    try each part of a scan by itself, and wait as long for it.

    Rules are asked as the application asks, in ``application_path``: they name its types, operators and functions. What
    is about the catalog is asked ``pinned``.
    """

    address: DatabaseAddress
    engine: Engine
    statements: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    lost: DatabaseError | None = None
    expired: bool = False
    application_path: str = "DEFAULT"
    is_pinned: bool = False

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Within, names are PostgreSQL's own, as ``connect`` has it, and it writes all others with their schemas."""
        self.is_pinned = True
        try:
            yield
        finally:
            self.is_pinned = False

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one statement; raises Refused."""
        try:
            with self.engine.connect() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(query.replace("%", "%%"))]
        except DBAPIError as error:
            self.require_connection()
            raise Refused(_refusal(error.orig, planned=_is_plan(query))) from None

    def require_connection(self) -> None:
        """Raise DatabaseError where the connection was lost, whoever swallowed that meanwhile."""
        if self.lost is not None:
            raise self.lost

    def heard(self) -> Refusal | None:
        """The last refusal since this was asked before."""
        last = self.refusals[-1] if self.refusals else None
        self.refusals.clear()
        self.expired = False
        return last


class Refused(Exception):
    """The server refused a statement; only within the validator, which makes a result of it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@contextmanager
def serving(address: DatabaseAddress, timeout: timedelta) -> Iterator[Server]:
    """A database to validate, over at most two connections; raises DatabaseError where it cannot be reached."""
    # Both are kept: Great Expectations asks for a second one at every table.
    kept = engine(address, poolclass=QueuePool, pool_size=2, max_overflow=0)
    path = "DEFAULT" if address.search_schema is None else quoted(address.search_schema)
    server = Server(address, kept, application_path=path)
    milliseconds = max(1, int(timeout.total_seconds() * 1000))

    @event.listens_for(kept, "begin")
    def _read_only(connection: Connection) -> None:
        # In each transaction, for behind a pooler the next one may run in another session.
        cursor = connection.connection.cursor()
        cursor.execute(_begin(milliseconds, None if server.is_pinned else server.application_path))
        cursor.close()

    @event.listens_for(kept, "before_cursor_execute")
    def _count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if server.expired:
            raise TimeoutError("a statement before took too long")
        server.statements += _reads_data(statement)

    @event.listens_for(kept, "handle_error")
    def _note(context: Any) -> None:
        if not isinstance(context.original_exception, psycopg2.Error):
            return  # our own, of a statement that was not sent
        if context.is_disconnect or context.connection is None:
            server.lost = unreachable(str(context.original_exception), address)
        refusal = _refusal(context.original_exception, planned=_is_plan(context.statement or ""))
        server.refusals.append(refusal)
        server.expired = server.expired or refusal.too_late

    try:
        with server.pinned(), kept.connect() as connection:
            connection.exec_driver_sql("SELECT 1 FROM pg_catalog.pg_class LIMIT 1")
        yield server
    except psycopg2.Error as error:
        raise unreachable(str(error), address) from None
    except DBAPIError as error:
        raise unreachable(str(error.orig), address) from None
    finally:
        kept.dispose()


def _begin(milliseconds: int, search_path: str | None) -> str:
    settings = [
        "SET TRANSACTION READ ONLY",
        f"SET LOCAL statement_timeout = {milliseconds}",
        "SET LOCAL timezone = 'UTC'",
        "SET LOCAL standard_conforming_strings = on",
        "SET LOCAL row_security = off",  # an error where a policy would hide rows, instead of a pass on what is left
    ]
    if search_path is not None:
        settings.append(f"SET LOCAL search_path = {search_path}")
    return "; ".join(settings)


def _reads_data(statement: str) -> bool:
    return not _NO_DATA.match(statement) and not _ABOUT_CATALOG.search(statement)


def _is_plan(statement: str) -> bool:
    return statement.lstrip().upper().startswith("EXPLAIN")


def _refusal(error: Any, *, planned: bool) -> Refusal:
    # While it plans a statement, PostgreSQL has read no row: what it says then can only be about the rule.
    line = first_line(str(error)) if planned else harmless_line(error)
    why = f"could not compute it for some row: {meaning(error)}" if line is None else f"refused: {line}"
    return Refusal(f"the server {why}", too_late=is_cancelled(error))
