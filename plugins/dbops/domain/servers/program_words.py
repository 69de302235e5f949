"""Program words: what of a program's errors is repeated, of what it says itself and of what it hands on of a server.

Its own words are of files and of connections. What it hands on of a server, words.py tells whether to repeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbops.domain.servers.words import NOT_REPEATED, SERVERS_ERROR, repeatable

_TOLD = 300
"""Letters of a list of tables: a dump locks all of them in one statement."""
_NAME = r'"[^"]{1,200}"'
_LOST = re.compile(
    r"(?:server closed the connection unexpectedly|no connection to the server|connection not open|"
    r"SSL connection has been closed unexpectedly|SSL (?:SYSCALL )?error: [\w ]+|lost synchronization with server|"
    r"could not (?:receive data from|send data to) server: [\w ]+)"
)
_OWN = re.compile(
    r"(?:could not (?:read from input file|(?:open|read|close|seek in|stat|write|find|obtain lock on relation)\b|"
    r"(?:de)?compress data|initialize compression|uncompress|create (?:worker|communication)|find block|find entry)"
    r"|connection to server |error (?:during|reading|writing|closing) |a worker process |unsupported version |"
    r"(?:unexpected|corrupt|invalid|unrecognized) (?:end of file|tar|TOC|data|archive|block|file|section|large object|"
    r"compression|message|object|dump)|directory |input file |found unexpected |did not find |this build |"
    r"out of memory|terminated by user|not built with |parallel restore |aborting because of |"
    r"no matching (?:schema|table|extension)s were found|failed sanity check, )[^\n]*"
)
_HANDED_ON = re.compile(
    rf"(?:could not execute query|query failed|reconnection failed|COPY failed for table {_NAME}|"
    r"error returned by \w+|could not open large object \d+|error reading large object \d+): (.*)"
)


def own_words(said: str) -> str | None:
    """What a program says of its own files and connections; None where it may be a server's, in whatever language."""
    if not said.isprintable():
        return None
    if handed_on := _HANDED_ON.fullmatch(said):
        return said if _LOST.fullmatch(handed_on[1]) else None
    return said if _LOST.fullmatch(said) or _OWN.fullmatch(said) else None


_PROGRAMS_ERROR = re.compile(r"^\w+(?::.+?:\d+)?: error: (.*)$")
_SCRIPTS_ERROR = re.compile(rf"^psql:.+?:\d+: ({SERVERS_ERROR.pattern}|{_LOST.pattern})")
_NO_ERROR = re.compile(r"^\w+(?::.+?:\d+)?: (?:warning|detail|hint): |^\s")
_ABOUT = re.compile(
    rf"(?:(?:vacuuming|processing) of (?:table|database) {_NAME}(?: in database {_NAME})?|"
    rf"Dumping the contents of table {_NAME}) failed"
)
_FROM_SERVER = re.compile(r"^\w+: detail: Error message from server: (.*)$")
_STATEMENT = re.compile(r"^\w+: detail: (?:Query|Command) was: (.*)$")
_PART = r'(?:"(?:[^"]|"")+"|\w[\w$]*)'
_LOCKED = re.compile(rf"LOCK TABLE (?:(?:ONLY )?{_PART}\.{_PART}(?:, )?)+")
_COPIED = re.compile(rf"COPY (?:\(SELECT .*? FROM (?:ONLY )?)?({_PART}\.{_PART})")  # noqa: S608 - read, not asked
_ROWS = "COPY "
_CONNECTION = "connection to server "


def program_words(stderr: str) -> str:
    """What vacuumdb's, psql's or a dump's first error says, and of which tables; empty for silence.

    Without a function's words or a row's value.
    """
    lines = stderr.splitlines()
    errors = [(number, said) for number, line in enumerate(lines) if (said := _error(line)) is not None]
    if not errors:
        return "" if all(_NO_ERROR.match(line) for line in lines) else NOT_REPEATED
    (first, said), *others = errors
    lines = lines[first : others[0][0] if others else None]
    statement = next((found[1] for line in lines if (found := _STATEMENT.match(line))), "")
    told = _told(said, lines, statement)
    about = _ABOUT.match(said)
    sentence = f"{about[0]}: {told or NOT_REPEATED}" if about else told or NOT_REPEATED
    tables = _tables(statement)
    return f"{sentence} ({tables})" if tables else sentence


def _error(line: str) -> str | None:
    """What a line that begins an error says."""
    found = _PROGRAMS_ERROR.match(line) or _SCRIPTS_ERROR.match(line)
    return found[1] if found else None


def _told(said: str, lines: Sequence[str], statement: str) -> str | None:
    """What is repeated of an error, of which these are the lines."""
    for number, line in enumerate(lines):
        if found := SERVERS_ERROR.search(line):
            return repeatable(found[1], lines[number + 1 :], of_rows=_reads_rows(said, statement))
    from_server = next((found[1] for line in lines if (found := _FROM_SERVER.match(line))), None)
    if from_server is None:
        return own_words(said)
    return from_server if _LOST.fullmatch(from_server) else None


def _reads_rows(said: str, statement: str) -> bool:
    """Whether it may be about rows: what a dump asks about the catalog, as it begins, is not."""
    return not said.startswith(_CONNECTION) and (not statement or statement.startswith(_ROWS))


def _tables(statement: str) -> str:
    """What it reads or locks; empty where it is another one."""
    copied, locked = _COPIED.match(statement), _LOCKED.match(statement)
    tables = f"{_ROWS}{copied[1]}" if copied else locked[0].removesuffix(", ") if locked else ""
    if not tables.isprintable():
        return ""
    return tables if len(tables) <= _TOLD else f"{tables[:_TOLD]}..."
