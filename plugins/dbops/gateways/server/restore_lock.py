"""RestoreLock: by which only one restore of a database works on its server at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import PreflightFailed
from dbops.gateways.comes_true import comes_true
from dbops.gateways.server.sessions import changing, translated

_LOCK = "SELECT pg_try_advisory_lock(hashtext('dbops restore'), hashtext(:name))"
_LET_GO_WITHIN = 3.0  # the step before this one has ended, and a busy server may take a moment to notice
_ORPHAN_ENDS_WITHIN = 300.0  # Airflow soon tells it to; but then it drops what it has loaded, at a checkpoint's pace
_LOOK_EVERY = 0.1

log = logging.getLogger(__name__)


class RestoreLock:
    """A lock for the database ``live``, in a session of ``elsewhere``, another database of its server."""

    def __init__(self, elsewhere: DatabaseAddress, live: str) -> None:
        self._elsewhere, self._live = elsewhere, live
        self._alone: Connection | None = None

    @contextmanager
    def alone(self, *, after_another_try: bool = False) -> Iterator[None]:
        """Hold the lock by which only one restore of a database works at a time; it ends with this process.

        Where an earlier try of the same step may still be at work, its end is waited for. Raises PreflightFailed where
        another holds the lock.
        """
        with self._locked(after_another_try=after_another_try) as session:
            self._alone = session
            try:
                yield
            finally:
                self._alone = None

    @contextmanager
    def acting(self) -> Iterator[Connection]:
        """The very session that holds the lock of ``alone``, for what changes something on the server.

        The server finishes a statement whose client has died: nobody else begins before that. Where the session was
        lost, another takes the lock.
        """
        if self._alone is None:
            with changing(self._elsewhere) as session:
                yield session
        elif _is_alive(self._alone):
            with translated(self._elsewhere):
                yield self._alone
        else:
            with self._locked() as session:
                yield session

    @contextmanager
    def _locked(self, *, after_another_try: bool = False) -> Iterator[Connection]:
        with changing(self._elsewhere) as session:

            def is_ours() -> bool:
                return bool(session.execute(text(_LOCK), {"name": self._live}).scalar_one())

            def is_left_by_another_try() -> bool:
                log.info("An earlier attempt may still be working on %s: waiting for it to end.", self._live)
                return comes_true(is_ours, within=_ORPHAN_ENDS_WITHIN, look_every=_LOOK_EVERY)

            is_let_go = comes_true(is_ours, within=_LET_GO_WITHIN, look_every=_LOOK_EVERY)
            if not is_let_go and not (after_another_try and is_left_by_another_try()):
                raise PreflightFailed(
                    f"Another restore of {self._live} is working on this server.",
                    "Wait until it has ended, and try again.",
                )
            yield session


def _is_alive(session: Connection) -> bool:
    try:
        session.execute(text("SELECT"))
    except (SQLAlchemyError, psycopg2.Error):
        return False
    return True
