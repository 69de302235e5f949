"""What the server said no to, in words that hold no row's value and no parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg2
from psycopg2 import errors

from dbops.domain.servers.words import is_fixed
from dbops.gateways.server.sessions import first_line

# What PostgreSQL says of these quotes names and settings: syntax and names, features, the state of a transaction,
# resources, limits, locks, interventions.
_SAFE_CLASSES = ("0A", "25", "40", "42", "53", "54", "55", "57")
# Of its own system it quotes files, and a row may name one, for pg_read_file say: only its own are told.
_SYSTEM = "58"
_QUOTES_FILE = re.compile(r'^could not .*\b(?:file|directory|link) "')
# Of these it does so even from within a function. A function's own words may quote anything, under any code: they come
# from the source of its language, pl_exec.c, plpy_elog.c, plperl.c.
_FIXED_CLASSES = ("25", "40", "53", "55", "57")
_LANGUAGES = "pl"
# A name that a statement has written is missed at its place in it. One without a place may have come from a row, as a
# text that was cast to regclass. Who lacks a privilege is told about what is there.
_NAMES, _PRIVILEGE = "42", "42501"
_CANCELLED = "57014"
_TIME_OUTS = (_CANCELLED, "55P03")
_OF_THE_MOMENT = ("08", "40", "53", "55", "57", "58")
_LOST = ("08", "57P")
_NO_SLOT = "53300"
# The driver has no code for an error that came while connecting, only the server's words, or a pooler's.
_FULL = ("too many", "remaining connection slots", "slots are reserved", "slots are available")
_OF_REPLICA = ("conflict with recovery", "during recovery")
_LONG_ENOUGH = 4  # a shorter value may stand in any word


def said(error: BaseException, values: Iterable[Any] = ()) -> str:
    """The server's first line where it can only quote names; else what its code means, and the code.

    ``values`` are the parameters that were sent: no line that repeats one of them gets through.
    """
    return harmless_line(error, values) or meaning(error)


def harmless_line(error: BaseException, values: Iterable[Any] = ()) -> str | None:
    """The server's first line where it can only quote names, and repeats none of these values; None elsewhere."""
    code, line = code_of(error), first_line(str(error))
    if not code:
        return line if isinstance(error, psycopg2.OperationalError) else None
    diag = getattr(error, "diag", None)
    of_system = code.startswith(_SYSTEM) or bool(_QUOTES_FILE.match(line))
    is_safe = is_fixed(line) if of_system else _only_quotes_names(code, diag)
    return line if is_safe and not any(_repeats(line, value) for value in values) else None


def meaning(error: BaseException) -> str:
    """What an error's code means, ``query canceled (57014)``, and not a word that the server says of it."""
    code = code_of(error)
    if not code and not isinstance(error, psycopg2.OperationalError):
        return "the driver cannot read the answer"
    try:
        name = errors.lookup(code).__name__
    except KeyError:
        name = type(error).__name__
    return f"{re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower()} ({code or 'no code'})"


def code_of(error: BaseException | None) -> str:
    """Its SQLSTATE; empty where the server said none."""
    return getattr(error, "pgcode", None) or ""


def is_cancelled(error: BaseException) -> bool:
    """Whether statement_timeout, or somebody, ended it."""
    return code_of(error) == _CANCELLED


def is_lack_of_privilege(error: BaseException | None) -> bool:
    """Whether the server refused because of who asked, and not what."""
    return code_of(error) == _PRIVILEGE


def is_time_out(error: BaseException) -> bool:
    """Whether our own statement_timeout or lock_timeout ended it."""
    return code_of(error) in _TIME_OUTS


def is_of_the_moment(error: BaseException) -> bool:
    """Whether it says nothing of the statement: a lock, a full disk, an intervention; the next time it may work."""
    return code_of(error).startswith(_OF_THE_MOMENT)


def is_lost(error: BaseException, connection: Any) -> bool:
    """Whether there is no session any more."""
    return bool(connection.closed) or code_of(error).startswith(_LOST)


def is_of_replica(error: BaseException) -> bool:
    """Whether only a replica says it: it ends what hinders its replay, and has no rows of unlogged tables."""
    return any(words in str(error) for words in _OF_REPLICA)


def ends_session(error: BaseException) -> bool:
    """Whether a session has ended with it; an OperationalError without a code is the driver's, of a lost connection."""
    code = code_of(error)
    return code.startswith(_LOST) if code else isinstance(error, psycopg2.OperationalError)


def is_full(error: BaseException) -> bool:
    """Whether a connection was refused because there are as many as the server, database or role may have."""
    return code_of(error) == _NO_SLOT or any(words in str(error) for words in _FULL)


def _only_quotes_names(code: str, diag: Any) -> bool:
    if getattr(diag, "context", None):
        return code.startswith(_FIXED_CLASSES) and not (diag.source_file or _LANGUAGES).startswith(_LANGUAGES)
    if code.startswith(_NAMES) and code != _PRIVILEGE:
        return getattr(diag, "statement_position", None) is not None
    return code.startswith(_SAFE_CLASSES)


def _repeats(line: str, value: Any) -> bool:
    text = "" if value is None else str(value)
    if not text:
        return False
    return any(quote + text + quote in line for quote in "\"'") or (len(text) >= _LONG_ENOUGH and text in line)
