"""What the server said no to, in words that hold no row's value and no parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg2
from psycopg2 import errors

from dbops.gateways.sessions import first_line

# What PostgreSQL says of these quotes names and settings: syntax and names, features, the state of a transaction,
# resources, limits, locks, interventions, its own system.
_SAFE_CLASSES = ("0A", "25", "40", "42", "53", "54", "55", "57", "58")
# Of these it does so even from within a function, whose own words may quote anything.
_FIXED_CLASSES = ("25", "40", "53", "55", "57")
_TIME_OUTS = ("57014", "55P03")
_OF_THE_MOMENT = ("08", "40", "53", "55", "57", "58")
_LOST = ("08", "57P")
_FULL = ("too many", "slots are reserved", "slots are available")
_LONG_ENOUGH = 4  # a shorter value may stand in any word


def said(error: BaseException, values: Iterable[Any] = ()) -> str:
    """The server's first line where it can only quote names; else what its code means, and the code.

    ``values`` are the parameters that were sent: no line that repeats one of them gets through.
    """
    code = getattr(error, "pgcode", None) or ""
    line = first_line(str(error))
    if not code:
        return line if isinstance(error, psycopg2.OperationalError) else "the driver cannot read what was answered"
    context = getattr(getattr(error, "diag", None), "context", None)
    is_safe = code.startswith(_FIXED_CLASSES if context else _SAFE_CLASSES)
    return line if is_safe and not any(_repeats(line, value) for value in values) else _meaning(code, error)


def is_time_out(error: BaseException) -> bool:
    """Whether our own statement_timeout or lock_timeout ended it."""
    return getattr(error, "pgcode", None) in _TIME_OUTS


def is_of_the_moment(error: BaseException) -> bool:
    """Whether it says nothing of the statement: a lock, a full disk, an intervention; the next time it may work."""
    return (getattr(error, "pgcode", None) or "").startswith(_OF_THE_MOMENT)


def is_lost(error: BaseException, connection: Any) -> bool:
    """Whether there is no session any more."""
    code = getattr(error, "pgcode", None) or ""
    return bool(connection.closed) or code.startswith(_LOST)


def is_full(error: BaseException) -> bool:
    """Whether a connection was refused because there are as many as the server, database or role may have."""
    return any(words in str(error) for words in _FULL)


def _repeats(line: str, value: Any) -> bool:
    text = "" if value is None else str(value)
    if not text:
        return False
    return any(quote + text + quote in line for quote in "\"'") or (len(text) >= _LONG_ENOUGH and text in line)


def _meaning(code: str, error: BaseException) -> str:
    try:
        name = errors.lookup(code).__name__
    except KeyError:
        name = type(error).__name__
    return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()} ({code})"
