"""Statements as the server takes them one by one: a body between BEGIN ATOMIC and END stays with its function."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.sql_statements import SqlStatement, statements


def whole_statements(sql: str) -> Iterator[SqlStatement]:
    """The statements of a text, each of which can be executed alone; raises SqlFault."""
    begun: list[SqlStatement] = []
    for statement in statements(sql):
        begun.append(statement)
        if statement.keyword(0) == "END" or not _opens_a_body(begun[0]):
            yield _joined(begun)
            begun = []
    if begun:  # its END is missing, which the server will say
        yield _joined(begun)


def _opens_a_body(statement: SqlStatement) -> bool:
    return any(
        statement.keyword(number) == "BEGIN" and statement.keyword(number + 1) == "ATOMIC"
        for number in range(len(statement.tokens))
    )


def _joined(parts: list[SqlStatement]) -> SqlStatement:
    return SqlStatement(";\n".join(part.sql for part in parts), parts[0].line, parts[0].tokens)
