"""Sessions: how we connect to a PostgreSQL database, and what its errors are called afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.recovery_conflict import conflict_remedy
from dbops.errors import DatabaseError
from dbops.gateways.server.connecting import engine

_NO_LIMITS = """SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout')"""
_LOST = ("08", "57")  # connection exceptions, and the administrator's interventions
_CANCELLED = "57014"
_UNLOGGED = "unlogged relations during recovery"

Begin = Callable[[int], AbstractContextManager[Connection]]
"""Begins a read-only session, whose statements may last so many milliseconds each."""


@contextmanager
def reading(address: DatabaseAddress, *, timeout_ms: int) -> Iterator[Connection]:
    """A read-only session, whose statements may last ``timeout_ms`` each; raises DatabaseError, without a password."""
    with readings(address) as begin, begin(timeout_ms) as session:
        yield session


@contextmanager
def readings(address: DatabaseAddress) -> Iterator[Begin]:
    """Begins such sessions, one after another over one connection, for questions by the thousand.

    Each is a transaction of its own, so that no lock outlives its question. A connection that is lost is made anew by
    the next one.
    """
    one = engine(address, pool_size=1, max_overflow=0)

    @contextmanager
    def begin(timeout_ms: int) -> Iterator[Connection]:
        with translated(address), one.connect() as session:
            session.execute(text(f"SET statement_timeout = {timeout_ms}; SET TRANSACTION READ ONLY"))
            yield session

    try:
        yield begin
    finally:
        one.dispose()


@contextmanager
def changing(address: DatabaseAddress) -> Iterator[Connection]:
    """A session in which each statement is a transaction of its own until ``BEGIN``; raises DatabaseError.

    No time limit that somebody has set for the role or the database ends it.
    """
    with _session(address) as session:
        session.execution_options(isolation_level="AUTOCOMMIT")
        session.execute(text(_NO_LIMITS))
        yield session


@contextmanager
def _session(address: DatabaseAddress) -> Iterator[Connection]:
    with translated(address), engine(address, autocommit=True, poolclass=NullPool).connect() as connection:
        yield connection


@contextmanager
def translated(address: DatabaseAddress) -> Iterator[None]:
    """Raise what the driver raises as a DatabaseError."""
    try:
        yield
    except psycopg2.Error as error:
        raise unreachable(str(error), address) from None
    except DBAPIError as error:
        said = str(error.orig)
        if _is_lost(error):
            raise unreachable(said, address) from None
        raise DatabaseError(
            f"The server of database {address.database} refused: {first_line(said)}.", _refused(said)
        ) from None


def _is_lost(error: DBAPIError) -> bool:
    """Whether there is no session any more: a time limit, a lock or a full disk end a statement, not the session."""
    if error.connection_invalidated or not isinstance(error.orig, psycopg2.Error):
        return True
    code = error.orig.pgcode
    if code is None:
        return isinstance(error.orig, psycopg2.OperationalError)
    return code.startswith(_LOST) and code != _CANCELLED


def unreachable(said: str, address: DatabaseAddress) -> DatabaseError:
    """The error of a database that cannot be used, by what the driver said."""
    where = f"{address.host or 'the local socket'}:{address.port or 5432}"
    return DatabaseError(
        f"The database {address.database} at {where} cannot be used: {first_line(said)}.", _remedy(said)
    )


def first_line(said: str) -> str:
    """What a server said first, without its full stop; details may quote rows."""
    lines = [line.strip() for line in said.strip().splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "no reason was given"


def _refused(said: str) -> str:
    if (remedy := conflict_remedy(said)) is not None:
        return remedy
    if _UNLOGGED in said:
        return "A replica has no rows of unlogged tables: use the primary, or leave that table out."
    if any(words in said for words in ("permission denied", "must be owner", "must be member", "must be superuser")):
        return "Grant our role what it lacks, or name another role."
    return "The server's log says more."


def _remedy(said: str) -> str:
    if (remedy := conflict_remedy(said)) is not None:
        return remedy
    remedies = {
        "password authentication failed": "Correct the user or the password of the connection.",
        "no password supplied": "Give the connection a password.",
        "permission denied for database": "GRANT CONNECT ON DATABASE ... to the role of the connection, or to one "
        "that it is a member of.",
        "just been dropped or renamed": "Try again: a swap, or somebody, has renamed or dropped it while "
        "this connection waited. Where it stays away, correct the database of the connection.",
        "does not exist": "Correct the database or the user of the connection.",
        "Connection refused": "Start the server, or correct host and port of the connection.",
        "could not translate host name": "Correct the host of the connection, or the worker's name resolution.",
        "certificate": "Check sslmode and sslrootcert of the connection.",
        "SSL": "Check sslmode of the connection and whether the server offers TLS.",
        "no pg_hba.conf entry": "Allow this worker and user in the server's pg_hba.conf.",
        "too many": "Free connections on the server, or run the job at a quieter time.",
        "timeout": "Check that the server is up and reachable from the worker.",
    }
    return next((remedy for words, remedy in remedies.items() if words in said), "Check the connection and the server.")
