"""RecommendedIndex: an index that schema.yaml wishes for, by the statement that a person would run to make it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from dbops.domain.schema.baseline import INVALID, SchemaBaseline, Signature
from dbops.domain.sql.object_names import TableName, folded, quoted, written

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_STATEMENT = re.compile(
    rf"\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})\s+ON\s+"
    rf"(?:ONLY\s+)?(?:(?P<schema>{_NAME})\s*\.\s*)?(?P<table>{_NAME})\s*(?P<rest>.*?)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class RecommendedIndex:
    """``shape`` is the definition without what may be written differently: names, spaces, quotes, the usual method."""

    name: str
    statement: str
    table: TableName
    shape: str

    @classmethod
    def of(cls, name: str, statement: str) -> RecommendedIndex:
        """Read ``CREATE INDEX CONCURRENTLY name ON table (...)``; raises ValueError."""
        match = _STATEMENT.fullmatch(statement)
        if match is None or folded(match["name"]) != name:
            raise ValueError(f'write the statement CREATE INDEX CONCURRENTLY "{name}" ON ... that makes it')
        table = (folded(match["schema"] or "public"), folded(match["table"]))
        return cls(name, " ".join(statement.split()), table, _shape(bool(match["unique"]), table, match["rest"]))

    @property
    def subject(self) -> str:
        """The index as people write it."""
        return written(*self.table, self.name)

    def is_of(self, tables: Collection[TableName]) -> bool:
        """Whether its table is one of these."""
        return self.table in tables

    def is_made_by(self, index: Signature) -> bool:
        """Whether that is the index: by its name, or by what it is."""
        if index.kind != "index" or index.of_table != self.table:
            return False
        return index.name == self.name or self._equals(index.name, str(index.definition).removesuffix(INVALID))

    def is_known_to(self, baseline: SchemaBaseline) -> bool:
        """Whether the baseline demands it already, which then says so where it is missing."""
        table = baseline.tables.get(self.table)
        return table is None or any(self._equals(name, text) for name, text in table.indexes.items())

    def _equals(self, name: str, definition: str) -> bool:
        if name == self.name:
            return True
        unique = definition.startswith("CREATE UNIQUE ")
        rest = nameless(definition, name).partition(" USING ")[2]
        return _shape(unique, self.table, f"USING {rest}") == self.shape


def nameless(definition: str, name: str) -> str:
    """PostgreSQL's definition of an index, without the index's name."""
    for spelling in (quoted(name), name):
        before, found, after = definition.partition(f"INDEX {spelling} ON ")
        if found:
            return f"{before}INDEX ON {after}"
    return definition


def _shape(unique: bool, table: TableName, rest: str) -> str:
    plain = re.sub(r'[\s"]', "", rest).lower()
    return f"{unique} {table} {plain.removeprefix('usingbtree')}"
