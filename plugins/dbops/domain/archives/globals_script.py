"""Globals: the roles of a backup, as pg_dumpall writes them, and nothing else that an SQL script could do.

A superuser executes them, so whatever pg_dumpall does not write is refused: its statements, and its ways to quote. Of
those alone is certain that the server takes them apart as we do.
"""

from __future__ import annotations

import re

from dbops.domain.servers.encodings import python_codec
from dbops.domain.sql.statements import SqlFault, SqlStatement, statements
from dbops.domain.sql.text import Token, tokens

_ENCODING = re.compile(rb"^SET client_encoding = '([A-Za-z0-9_]+)';\r?$", re.MULTILINE)
# The minor releases of August 2025 and later begin and end with these, so that psql obeys no other such line.
_RESTRICTION = re.compile(r"^\\restrict (\w+)$(.*)^\\unrestrict \1$", re.MULTILINE | re.DOTALL | re.ASCII)
_ESCAPED = re.compile(r"[eE]'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_PUNCTUATION = " \t\r\n;,.()=+-"

_EXECUTED = (
    ("CREATE", "ROLE"),
    ("ALTER", "ROLE"),
    ("COMMENT", "ON", "ROLE"),
    ("COMMENT", "ON", "TABLESPACE"),
    ("SECURITY", "LABEL"),
    ("GRANT",),
    ("REVOKE",),
    ("ALTER", "TABLESPACE"),
    ("SET", "SESSION", "AUTHORIZATION"),
    ("RESET", "SESSION", "AUTHORIZATION"),
)
# A tablespace's folder is another server's, or this machine's own; settings only say how the script is written.
_LEFT_OUT = (("CREATE", "TABLESPACE"), ("SET",))


def read_globals_script(script: bytes) -> tuple[str, ...]:
    """The statements of a globals.sql that make its roles, each to be executed alone; raises SqlFault.

    Tablespaces are left out. What cannot be decoded is replaced, as where a database's encoding says nothing.
    """
    encoding = _ENCODING.search(script)
    sql = script.decode(python_codec(encoding[1].decode()) if encoding else "utf-8", errors="replace")
    sql = _RESTRICTION.sub(r"\2", sql, count=1)
    for token in tokens(sql):
        if "\0" in token.text or not _is_written_by_pg_dumpall(token):
            raise _foreign(1 + sql.count("\n", 0, token.start))
    try:
        found = statements(sql)
    except SqlFault as fault:
        raise _foreign(fault.line) from None
    for statement in found:
        if not _begins(statement, *_EXECUTED, *_LEFT_OUT):
            raise _foreign(statement.line)
    return tuple(statement.sql for statement in found if _begins(statement, *_EXECUTED))


def _foreign(line: int) -> SqlFault:
    return SqlFault(line, "holds something that pg_dumpall does not write")


def _is_written_by_pg_dumpall(token: Token) -> bool:
    if token.kind == "text":
        return "\\" not in token.text  # else it would be an escaped one
    if token.kind == "escaped":
        return _ESCAPED.fullmatch(token.text) is not None  # in one piece
    if token.kind == "comment":
        return token.text.startswith("--")
    if token.kind == "word":
        return token.text.isascii() and "$" not in token.text  # else it would be a name in quotes
    return token.kind == "name" or (token.kind == "any" and token.text in _PUNCTUATION)


def _begins(statement: SqlStatement, *beginnings: tuple[str, ...]) -> bool:
    return any(tuple(statement.keywords[: len(words)]) == words for words in beginnings)
