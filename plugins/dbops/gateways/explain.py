"""Asks PostgreSQL how it executes a probe: EXPLAIN of each of its statements, in the session that it is measured in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import errors

from dbops.domain.connection import DatabaseAddress
from dbops.domain.plan import Plan
from dbops.domain.probes import Drawn, Probe
from dbops.domain.target import ProbeOptions
from dbops.errors import DatabaseError
from dbops.gateways.sessions import connect, first_line, unreachable

# What EXPLAIN takes; anything else, SAVEPOINT for example, has no plan.
_PLANNED = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES|WITH|TABLE)\b",
    re.IGNORECASE | re.DOTALL,
)
# What PostgreSQL says of these quotes names and texts of the statement; of all others it may quote rows, and the
# parameters are some: syntax and names, privileges, features, resources, time-outs and locks.
_SAFE_CLASSES = ("42", "0A", "53", "54", "55", "57", "58")
_TOO_LATE, _LOCKED = "57014", "55P03"


def explain(
    address: DatabaseAddress, probe: Probe, drawn: Drawn, options: ProbeOptions, *, analyze: bool
) -> tuple[Plan, ...]:
    """The plans of a probe's statements, in their order, with these parameters; none of what cannot have a plan.

    With ``analyze`` each statement is executed, so that later ones see what it did, and a probe that writes is rolled
    back. Raises DatabaseError, without a value of a row.
    """
    found = []
    with _session(address, probe, options) as cursor:
        for statement in probe.statements:
            with _told(f"The statement in line {statement.line} of probe {probe.name}", drawn.values.values()):
                if _PLANNED.match(statement.sql):
                    cursor.execute(f"EXPLAIN ({_options(analyze)}) {statement.sql}", dict(drawn.values))
                    (document,) = cursor.fetchone()
                    found.append(Plan.of(document, kind=drawn.kind, line=statement.line))
                elif analyze:
                    cursor.execute(statement.sql, dict(drawn.values))
    return tuple(found)


def _options(analyze: bool) -> str:
    return "FORMAT JSON, VERBOSE, SETTINGS, ANALYZE, BUFFERS" if analyze else "FORMAT JSON, VERBOSE, SETTINGS"


@contextmanager
def _session(address: DatabaseAddress, probe: Probe, options: ProbeOptions) -> Iterator[Any]:
    """A cursor of the driver itself, as in measuring; what it did is rolled back, however this ends."""
    try:
        connection = connect(address)
    except psycopg2.Error as error:
        raise unreachable(str(error), address) from None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor, _told(f"Probe {probe.name}"):
            for name, limit in (("statement", options.statement_timeout), ("lock", options.lock_timeout)):
                cursor.execute(f"SET {name}_timeout = {max(1, int(limit.total_seconds() * 1000))}")
            cursor.execute("BEGIN" if probe.writes else "SET default_transaction_read_only = on")
            yield cursor
            if probe.writes:
                cursor.execute("ROLLBACK")
    finally:
        connection.close()  # which rolls back, too


@contextmanager
def _told(subject: str, values: Iterable[Any] = ()) -> Iterator[None]:
    """Raise what the driver raises as a DatabaseError that quotes none of the ``values``."""
    try:
        yield
    except psycopg2.Error as error:
        raise DatabaseError(f"{subject} could not be explained: {_said(error, values)}.", _remedy(error)) from None


def _said(error: psycopg2.Error, values: Iterable[Any]) -> str:
    code = error.pgcode or ""
    if not code:
        lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return "the connection was lost" if lost else "the driver cannot send one of its parameters"
    said = first_line(str(error))
    if code.startswith(_SAFE_CLASSES) and not any(str(value) in said for value in values):
        return said
    try:
        name = errors.lookup(code).__name__
    except KeyError:
        name = type(error).__name__
    return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()} ({code})"


def _remedy(error: psycopg2.Error) -> str:
    if error.pgcode == _TOO_LATE:
        return "Explain it without executing it, or raise probes.statement_timeout."
    if error.pgcode == _LOCKED:
        return "Run the probes when no migration holds a lock, or raise probes.lock_timeout."
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not error.pgcode:
        return "Check the connection and the server."
    return "Correct the probe's file, or grant our role what it lacks."
