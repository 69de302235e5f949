"""ScratchDatabase: one on drill.connection's server, made for a drill or to try migrations, and dropped after it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.archives.needs import ServerOffer
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, ServerFailed
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.database_creation import create_like
from dbops.gateways.server.server_offer import read_offer
from dbops.gateways.server.subscriptions import detach_subscriptions

_ABANDONED_AFTER = timedelta(minutes=5)  # by then whoever made it is connected to it
_TIME = "%Y%m%d%H%M%S"
_NAME_IN_PREFIX = 30
_ABANDONED = """
SELECT datname FROM pg_database d
WHERE starts_with(datname, %s) AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datid = d.oid)
"""
_HAS_SUBSCRIPTIONS = """
SELECT EXISTS (SELECT FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = %s))
"""


class ScratchDatabase:
    """``dbops_drill_<target>_<time>_<any>``, while it is used as a context manager. Raises ServerFailed.

    A session stays connected to it all the time: so the next one of the target knows, and drops, what one that died has
    left behind.
    """

    def __init__(self, server: DatabaseAddress, target: str, now: datetime) -> None:
        self._server, self._now = server, now
        self._prefix = f"dbops_drill_{target[:_NAME_IN_PREFIX]}_"
        self.address = replace(server, database=f"{self._prefix}{now:{_TIME}}_{secrets.token_hex(2)}")
        self.note: str | None = None
        self._presence: Any = None

    def offer(self) -> ServerOffer:
        """What the server has for a database that is restored into it."""
        with _session(self._server) as server:
            return read_offer(server)

    def create(self, like: Sequence[TocEntry]) -> ScratchDatabase:
        """Create it like the one an archive describes; ``note`` says in a sentence where that was not possible."""
        with _session(self._server) as server:
            for name in self._abandoned(server):
                self._drop(server, name)
            self.note = create_like(server, self.address.database, like)
        return self

    def __enter__(self) -> ScratchDatabase:
        try:
            with _told():
                self._presence = connect(self.address, autocommit=True)
        except ServerFailed as error:
            self.__exit__(ServerFailed, error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(psycopg2.Error):
            if self._presence is not None:
                self._presence.close()
        try:
            with _session(self._server) as server:
                self._drop(server, self.address.database)
        except ServerFailed:
            if kind is None:  # else whatever came first is told
                raise

    def _abandoned(self, server: Any) -> list[str]:
        """The databases of this target whose session is gone."""
        with server.cursor() as cursor:
            cursor.execute(_ABANDONED, [self._prefix])
            names = [name for (name,) in cursor.fetchall()]
        return [name for name in names if self._is_old(name.removeprefix(self._prefix).partition("_")[0])]

    def _drop(self, server: Any, name: str) -> None:
        with server.cursor() as cursor:
            cursor.execute(_HAS_SUBSCRIPTIONS, [name])
            if cursor.fetchone()[0]:
                detach_subscriptions(replace(self._server, database=name), drop=True)
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _is_old(self, time: str) -> bool:
        return (
            len(time) == len("20261122020000") and time.isdigit() and time < f"{self._now - _ABANDONED_AFTER:{_TIME}}"
        )


@contextmanager
def _session(address: DatabaseAddress) -> Iterator[Any]:
    with _told(), closing(connect(address, autocommit=True)) as connection:
        yield connection


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (psycopg2.Error, DatabaseError) as error:
        said = str(error).strip().splitlines()
        reason = error.what.rstrip(".") if isinstance(error, DatabaseError) else said[0] if said else "no reason given"
        raise ServerFailed(
            f"The scratch server of drill.connection cannot be used: {reason}.",
            "Its role needs LOGIN and CREATEDB, and nobody else may use databases that begin with dbops_drill_.",
        ) from None
