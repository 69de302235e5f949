"""IndexKey: which columns an index has in which order, read from the statement or the constraint that makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbops.domain.query_plan.conditions import KeyColumn
from dbops.domain.schema.baseline import INVALID, Table
from dbops.domain.sql.masked import tokens
from dbops.domain.sql.object_names import TableName, folded, in_sql, quoted

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_INDEX = re.compile(
    rf"\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})\s+ON\s+"
    rf"(?:ONLY\s+)?(?:{_NAME}\s*\.\s*)?{_NAME}\s*(?:USING\s+(?P<method>\w+)\s*)?(?P<rest>\(.*)",
    re.IGNORECASE | re.DOTALL,
)
_CONSTRAINT = re.compile(r"(?P<kind>PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? (?P<rest>\(.*)", re.DOTALL)
_BLOCKING = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY\b)", re.IGNORECASE)
_PREDICATE = re.compile(r"\bWHERE\b", re.IGNORECASE)


@dataclass(frozen=True)
class IndexKey:
    """An index by what it is. A ``None`` among the columns is an expression, or a column in another order than usual.

    ``statement`` makes it, without a lock that would stand in anybody's way. ``constraint`` is the kind of constraint
    that owns it, PRIMARY KEY or UNIQUE.
    """

    name: str
    table: TableName
    columns: tuple[KeyColumn | None, ...]
    statement: str
    is_unique: bool = False
    is_partial: bool = False
    is_valid: bool = True
    method: str = "btree"
    constraint: str = ""

    @classmethod
    def of(cls, name: str, table: TableName, definition: str) -> IndexKey | None:
        """Read a CREATE INDEX, of PostgreSQL's or of a person; None where it is not understood."""
        whole = definition.removesuffix(INVALID)
        match = _INDEX.fullmatch(whole)
        if match is None:
            return None
        columns, after = _columns(match["rest"])
        blocking = _BLOCKING.match(whole)
        made = f"{blocking[0]} CONCURRENTLY{whole[blocking.end() :]}" if blocking else whole
        return cls(
            name,
            table,
            columns,
            made,
            is_unique=match["unique"] is not None,
            is_partial=_PREDICATE.search(after) is not None,
            is_valid=whole == definition,
            method=(match["method"] or "btree").lower(),
        )

    @classmethod
    def of_constraint(cls, name: str, table: TableName, definition: str) -> IndexKey | None:
        """Read a primary key or a unique constraint; None for every other one."""
        match = _CONSTRAINT.match(definition)
        if match is None:
            return None
        columns, after = _columns(match["rest"])
        rest = match["rest"].removesuffix(after)
        statement = f"CREATE UNIQUE INDEX CONCURRENTLY {quoted(name)} ON {in_sql(*table)} {rest}{match['nulls'] or ''}"
        return cls(name, table, columns, statement, is_unique=True, constraint=match["kind"])

    def equals(self, other: IndexKey) -> bool:
        """Whether they are the same but for the name."""
        mine = (self.table, self.columns, self.is_unique, self.is_partial, self.method)
        return mine == (other.table, other.columns, other.is_unique, other.is_partial, other.method)


def index_keys(name: TableName, table: Table) -> Iterator[IndexKey]:
    """Those of a table's indexes and constraints that are understood."""
    found = [IndexKey.of(index, name, text) for index, text in table.indexes.items()]
    found += [IndexKey.of_constraint(one, name, text) for one, text in table.constraints.items()]
    yield from (one for one in found if one is not None)


def key_columns(rest: str) -> tuple[KeyColumn | None, ...]:
    """The columns that a text lists in the parentheses that it begins with."""
    return _columns(rest)[0]


def _columns(rest: str) -> tuple[tuple[KeyColumn | None, ...], str]:
    """The columns between the first parentheses, and what stands behind these."""
    parts: list[list[tuple[str, str]]] = [[]]
    depth, read = 0, 0
    for token in tokens(rest):
        read += len(token[1])
        depth += (token[1] == "(") - (token[1] == ")")
        if depth == 0:
            break
        if depth == 1 and token[1] == ",":
            parts.append([])
        elif (depth > 1 or token[1] != "(") and not token[1].isspace():
            parts[-1].append(token)
    return tuple(_key_column(part) for part in parts), rest[read:]


def _key_column(part: list[tuple[str, str]]) -> KeyColumn | None:
    kind, text = part[0] if part else ("", "")
    if kind not in {"name", "word"}:
        return None
    words = [text.upper() for _, text in part[1:]]
    descending = words[:1] == ["DESC"]
    nulls = words[1:] if words[:1] in (["DESC"], ["ASC"]) else words
    if nulls not in ([], ["NULLS", "FIRST"], ["NULLS", "LAST"]):
        return None  # another collation or operator class
    return KeyColumn(folded(text), descending, nulls[1] == "FIRST" if nulls else descending)
