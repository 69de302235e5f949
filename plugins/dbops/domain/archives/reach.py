"""Archive reach: what of an archive's statements acts outside of the database that it is loaded into.

pg_restore executes what the table of contents says, as the restoring role, and pg_dump writes only some kinds of
statements there. So whatever else stands there was not written by pg_dump. It is no proof of the rest: a function of
the archive can hide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dbops.domain.archives.escapes import has_escapes
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.encodings import is_encoding
from dbops.domain.sql.statements import SqlStatement
from dbops.domain.sql.text import OPENED_BY, Token, tokens

# What pg_dump's statements begin with, and, behind BEGIN ATOMIC, those of a function's body.
_BEGINNINGS = frozenset(
    {"ALTER", "COMMENT", "CREATE", "GRANT", "REFRESH", "RESET", "REVOKE", "SECURITY", "SELECT", "SET"}
)
_BODY = frozenset({"DELETE", "END", "INSERT", "MERGE", "RETURN", "TABLE", "UPDATE", "VALUES", "WITH"})
# What belongs to the server, and to no database.
_OUTSIDE = frozenset({"DATABASE", "GROUP", "PARAMETER", "ROLE", "SYSTEM", "TABLESPACE", "USER"})
_ABOUT_OBJECTS = frozenset({"ALTER", "CREATE", "DROP"})
_ABOUT_GRANTS = frozenset({"GRANT", "REVOKE"})

# pg_restore executes these only where it makes the database itself, which ours never does.
_OF_THE_DATABASE = frozenset({"DATABASE", "DATABASE PROPERTIES"})
_ABOUT_IT = frozenset({"ACL", "COMMENT", "SECURITY LABEL"})
# Its file is a list of large objects; every other file without a COPY would be executed as SQL.
_LARGE_OBJECTS = "BLOBS"
_LISTED_OBJECTS = "BLOB METADATA"
# The server reads all texts in it: by another one it would see other characters, and other quotes, than we do.
_ENCODING = re.compile(r"SET client_encoding = '(\w+)';\n?", re.ASCII)

_LONGEST_NAMED = 5


def reaches_outside(entries: Iterable[TocEntry]) -> tuple[str, ...]:
    """What of an archive acts outside of its database, one sentence's part each; empty where nothing does.

    That is: statements on databases but in the places where pg_restore executes none, on roles, their memberships,
    tablespaces and the server's settings; rows that are not read from the archive itself; and statements that pg_dump
    never writes. No text of a statement is in it.
    """
    known = list(entries)
    escapes = has_escapes(known)
    found = dict.fromkeys(
        f"{what} ({entry.kind} {entry.name})" for entry in known for what in _reach(entry, escapes=escapes)
    )
    return tuple(found)


def refusal_of_reach(reach: tuple[str, ...]) -> str:
    """Why an archive that reaches outside is not loaded."""
    named = ", ".join(reach[:_LONGEST_NAMED])
    more = f", and {len(reach) - _LONGEST_NAMED} more" if len(reach) > _LONGEST_NAMED else ""
    return (
        f"The backup's table of contents would act outside of the database that it is loaded into: {named}{more}. "
        "pg_dump writes no such thing: somebody may have changed the backup."
    )


def _reach(entry: TocEntry, *, escapes: bool) -> Iterator[str]:
    if entry.file is not None and entry.kind != _LARGE_OBJECTS and not _is_copy(entry.copy_statement):
        yield "a file that is not loaded by COPY FROM stdin"
    elif entry.copy_statement and not _is_copy(entry.copy_statement):
        yield "a COPY that is not FROM stdin"
    if entry.kind == "ENCODING" and not ((said := _ENCODING.fullmatch(entry.definition)) and is_encoding(said[1])):
        yield "an encoding that PostgreSQL calls otherwise"
    if entry.kind == _LISTED_OBJECTS:
        if not entry.definition.replace("\n", "").isdecimal():
            yield "a list of large objects that has more in it"
    elif entry.kind == "DATABASE":
        if len(list(_pieces(entry.definition, escapes=escapes))) > 1:
            yield "more than one statement to make the database"
    elif entry.kind not in _OF_THE_DATABASE and not (entry.kind in _ABOUT_IT and entry.name.startswith("DATABASE ")):
        yield from _defined(entry, escapes=escapes)


def _defined(entry: TocEntry, *, escapes: bool) -> Iterator[str]:
    in_body = False
    for piece in _pieces(entry.definition, escapes=escapes):
        word = piece.keyword(0)
        if outside := _outside(piece):
            yield outside
        elif word not in _BEGINNINGS and not (in_body and (word in _BODY or piece.has(0, "("))):
            yield f"a statement that begins with {word or 'no word'}"
        in_body = in_body or piece.has_keywords("BEGIN", "ATOMIC")
    # What is executed before it may have changed how texts are read: then no statement must come out of them.
    if _is_closed(entry.definition, escapes=not escapes):
        yield from filter(None, map(_outside, _pieces(entry.definition, escapes=not escapes)))
    # Of it pg_restore makes the ALTER ... OWNER TO of some kinds.
    for reading in (True, False):
        yield from filter(None, map(_outside, _pieces(entry.drop_statement, escapes=reading)))


def _is_closed(sql: str, *, escapes: bool) -> bool:
    """Whether each of its quotes is; else the server executes none of it."""
    return all(token.kind != "opening" for token in tokens(sql, escapes=escapes))


def _outside(piece: SqlStatement) -> str:
    """What that statement is about, where that is outside of a database; else empty."""
    verb, about = piece.keyword(0), piece.keyword(1)
    # A role may be called mapping too.
    of_a_server = piece.keywords[1:4] == ["USER", "MAPPING", "FOR"]
    if verb in _ABOUT_OBJECTS and about in _OUTSIDE and not of_a_server:
        return f"{verb} {about}"
    if verb in _ABOUT_GRANTS or verb in {"COMMENT", "SECURITY"}:
        keywords = piece.keywords
        if "ON" not in keywords:
            return f"{verb} of a role" if verb in _ABOUT_GRANTS else ""
        after = keywords[keywords.index("ON") + 1 :]
        return f"{verb} ON {after[0]}" if _OUTSIDE.intersection(after[:1]) else ""
    return ""


def _is_copy(statement: str) -> bool:
    """However its texts are read; pg_dump writes none there."""
    readings = [list(_pieces(statement, escapes=escapes)) for escapes in (True, False)]
    return all(
        len(pieces) == 1 and pieces[0].keyword(0) == "COPY" and pieces[0].keywords[-2:] == ["FROM", "STDIN"]
        for pieces in readings
    )


def _pieces(sql: str, *, escapes: bool) -> Iterator[SqlStatement]:
    """The statements of a definition, apart by the semicolons outside of brackets: a rule has some within."""
    held: list[Token] = []
    depth = 0
    for token in tokens(sql, escapes=escapes):
        if token.is_blank:
            continue
        if token.kind == "any" and token.text == ";" and not depth:
            if held:
                yield SqlStatement(sql, tokens=tuple(held))
            held = []
            continue
        if token.kind == "any":
            depth = max(0, depth + (token.text in OPENED_BY.values()) - (token.text in OPENED_BY))
        held.append(token)
    if held:
        yield SqlStatement(sql, tokens=tuple(held))
