"""What may not be executed in a live database, although a transaction could hold it: what takes the guard rails away.

Of a migration that is in force already nobody asks this any more: nobody could change its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbops.domain.sql.statements import SqlFault, SqlStatement, statements

_SETTINGS = frozenset({
    "lock_timeout", "statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout",
    "idle_session_timeout", "client_connection_check_interval", "session_replication_role", "search_path", "role",
    "session_authorization",
})  # fmt: skip
_LIMIT = (
    "may not stand here: how long the application may have to wait, and who acts where, is up to the runner, and is "
    "part of what is approved; remove it, and set migrations.lock_timeout or migrations.statement_timeout instead"
)
_REINDEX = (
    "REINDEX changes no schema, and one with CONCURRENTLY that is interrupted leaves a second, INVALID index; it is "
    "maintenance: run it by hand"
)
_DETACH = (
    "DETACH PARTITION CONCURRENTLY locks the partition exclusively in its end, with the application behind it, and one "
    "that is interrupted has to be ended with FINALIZE; run it by hand at a quiet time, and mark the migration as "
    "applied"
)
# In a block of PL/pgSQL a statement begins after these; elsewhere SET belongs to an UPDATE.
_BEFORE = ("BEGIN", "THEN", "ELSE", "LOOP")


def live_objections(sql: str) -> tuple[tuple[int, str], ...]:
    """Why a text without other objections may not be executed: each reason with its line, in order."""
    return tuple(reason for statement in statements(sql) for reason in _reasons(statement))


def _reasons(statement: SqlStatement) -> Iterator[tuple[int, str]]:
    words = statement.keywords
    if words[:1] == ["REINDEX"] and "CONCURRENTLY" in words:
        yield statement.line, _REINDEX
    if words[:2] == ["ALTER", "TABLE"] and "DETACH" in words and words[-1] == "CONCURRENTLY":
        yield statement.line, _DETACH
    if words[:2] == ["DISCARD", "ALL"]:
        yield statement.line, f"DISCARD ALL {_LIMIT}"
    if words[0] in {"SET", "RESET"} and (what := _setting(statement, 0)):
        yield statement.line, f"{words[0]} {what} {_LIMIT}"
    yield from _configured(statement)
    if words[0] == "DO":
        yield from _within(statement)


def _setting(statement: SqlStatement, at: int) -> str:
    """Which of our settings the SET or RESET of that number changes; empty where it is none."""
    first, second = statement.keyword(at + 1), statement.keyword(at + 2)
    if (first, second) == ("SESSION", "AUTHORIZATION"):
        return "SESSION AUTHORIZATION"
    if first in {"SESSION", "LOCAL"}:
        if (second, statement.keyword(at + 3)) == ("SESSION", "AUTHORIZATION"):
            return "SESSION AUTHORIZATION"
        at += 1
    if statement.keyword(at + 1) in {"ALL", "SCHEMA"}:  # SET SCHEMA is another word for the search path
        return statement.keyword(at + 1)
    name = _name(statement, at + 1)
    return name if name in _SETTINGS else ""


def _name(statement: SqlStatement, at: int) -> str:
    if not 0 <= at < len(statement.tokens):
        return ""
    return statement.tokens[at].text.strip("'\"").lower()


def _configured(statement: SqlStatement) -> Iterator[tuple[int, str]]:
    """The calls of set_config that say what they set."""
    for number, token in enumerate(statement.tokens):
        if _name(statement, number) == "set_config" and statement.has(number + 1, "("):
            at = number + 3 if statement.keyword(number + 2) == "E" else number + 2
            what = _name(statement, at).removeprefix("e'")
            if what in _SETTINGS:
                yield statement.line_of(token), f"set_config of {what} {_LIMIT}"


def _within(statement: SqlStatement) -> Iterator[tuple[int, str]]:
    """The same in a block that is executed at once, as far as it can be taken apart."""
    for token in statement.tokens:
        if token.kind != "dollar":
            continue
        try:
            parts = statements(token.quoted, statement.line_of(token))
        except SqlFault:
            continue
        for part in parts:
            yield from _configured(part)
            for number in _beginnings(part):
                word = part.keyword(number)
                if word in {"SET", "RESET"} and (what := _setting(part, number)):
                    yield part.line_of(part.tokens[number]), f"{word} {what} {_LIMIT}"


def _beginnings(statement: SqlStatement) -> Sequence[int]:
    found = range(len(statement.tokens))
    return [number for number in found if not number or statement.keyword(number - 1) in _BEFORE]
