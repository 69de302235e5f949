"""Statements as the server takes them one by one: a body between BEGIN ATOMIC and END stays with its function."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.sql.statements import SqlStatement, statements


def whole_statements(sql: str) -> Iterator[SqlStatement]:
    """The statements of a text, each of which can be executed alone; raises SqlFault.

    Of one that has a body only the tokens before its first semicolon are known.
    """
    begun: list[SqlStatement] = []
    for statement in statements(sql):
        begun.append(statement)
        if statement.keyword(0) == "END" or not begun[0].has_keywords("BEGIN", "ATOMIC"):
            yield _joined(begun)
            begun = []
    if begun:  # its END is missing, which the server will say
        yield _joined(begun)


def _joined(parts: list[SqlStatement]) -> SqlStatement:
    return SqlStatement(";\n".join(part.sql for part in parts), parts[0].line, parts[0].tokens)
