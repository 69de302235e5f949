"""ConcurrentStatement: what a CREATE or DROP INDEX CONCURRENTLY is about, so that what it has left can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbops.domain.sql.object_names import folded
from dbops.domain.sql.statements import SqlStatement, statements


@dataclass(frozen=True)
class ConcurrentStatement:
    """``index`` is the name as the catalog has it. ``relation`` is SQL: the index's table, or the index to be dropped.

    ``other`` are those that leave nothing which could be told by a name, such as REINDEX.
    """

    kind: Literal["create", "drop", "other"]
    index: str = ""
    relation: str = ""

    @classmethod
    def of(cls, sql: str) -> ConcurrentStatement:
        """Read a text of one such statement."""
        (statement,) = statements(sql)
        words = statement.keywords
        if words[:3] == ["DROP", "INDEX", "CONCURRENTLY"]:
            at = 5 if words[3:5] == ["IF", "EXISTS"] else 3
            return cls("drop", folded(statement.tokens[_end(statement, at) - 1].text), _sql(statement, at))
        at = 2 if words[1:2] == ["UNIQUE"] else 1
        if words[0] != "CREATE" or words[at : at + 2] != ["INDEX", "CONCURRENTLY"]:
            return cls("other")
        at += 2
        if words[at : at + 3] == ["IF", "NOT", "EXISTS"]:
            at += 3
        name = folded(statement.tokens[at].text)
        at += 2  # the name, and ON
        if words[at] == "ONLY":
            at += 1
        return cls("create", name, _sql(statement, at))


def _end(statement: SqlStatement, at: int) -> int:
    """Where a name of several parts, which begins there, is over."""
    while statement.has(at + 1, "."):
        at += 2
    return at + 1


def _sql(statement: SqlStatement, at: int) -> str:
    return "".join(token.text for token in statement.tokens[at : _end(statement, at)])
