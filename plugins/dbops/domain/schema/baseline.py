"""SchemaBaseline: the tables, columns, constraints, indexes, triggers and enums that a database must have.

Every object has a signature: one JSON text, ``[schema, table, name, definition]``. The queries
``include/sql/catalog/signature_<kind of object>.sql`` write those of a live database and ``signatures`` those of a
baseline, letter for letter alike, so a schema is compared as sets of texts, by whoever compares. The definitions are
PostgreSQL's own, written with an empty search_path, so that every name in them has its schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dbops.domain.sql.object_names import TableName, spellings, unquoted

ObjectKind = Literal["table", "column", "constraint", "index", "trigger", "enum"]
OBJECT_KINDS: tuple[ObjectKind, ...] = ("table", "column", "constraint", "index", "trigger", "enum")

# What may follow a definition in a live database. A baseline says how an index or a foreign key has to be, so there
# these two never stand; that a constraint is NOT VALID or a trigger DISABLED may be meant.
INVALID, DISABLED = " INVALID", " DISABLED"

# What is known of a partition: only what is wrong with it, for the partitioned table speaks for its partitions.
_PARTITION = "partition"

_COLUMN = re.compile(
    r'(?P<type>(?:"(?:[^"]|"")*"|[^"])+?)(?P<not_null> NOT NULL)?'
    r"(?: (?P<generated>GENERATED .*)| DEFAULT (?P<default>.*))?",
    re.DOTALL,
)

_NAME = r'"(?:[^"]|"")+"|[^".(]+'
_FOREIGN_KEY = re.compile(
    rf'FOREIGN KEY \((?:"(?:[^"]|"")*"|[^")])*\) REFERENCES (?P<schema>{_NAME})\.(?P<table>{_NAME})\('
)


@dataclass(frozen=True)
class Column:
    """A column's definition in its parts; ``generated`` is how its values come, or how its identity does."""

    type: str
    nullable: bool = True
    default: str | None = None
    generated: str | None = None

    @classmethod
    def of(cls, definition: str) -> Column:
        """Read ``text NOT NULL DEFAULT 'x'::text``; raises ValueError."""
        match = _COLUMN.fullmatch(definition)
        if match is None:
            raise ValueError(f"{definition!r} is not a column; write for example integer NOT NULL DEFAULT 0")
        return cls(match["type"], match["not_null"] is None, match["default"], match["generated"])

    @property
    def sorted_type(self) -> tuple[str, str]:
        """The type alone, and its collation; empty where it is the type's own."""
        plain, _, collation = self.type.partition(" COLLATE ")
        return plain, collation


@dataclass(frozen=True)
class Table:
    """A table, view or other relation: its definitions by name, columns in their order.

    ``definition`` is ``table``, ``unlogged table``, ``foreign table``, ``partitioned table BY ...``, or for views
    ``view AS`` or ``materialized view AS`` with the query in the lines below.
    """

    definition: str = "table"
    columns: Mapping[str, str] = field(default_factory=dict)
    constraints: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds_rows(self) -> bool:
        """Whether it has rows of its own, unlike a view."""
        return self.definition.partition(" BY ")[0] in {"table", "unlogged table", "partitioned table"}


@dataclass(frozen=True)
class SchemaBaseline:
    """Tables and enums by name, and two things that are written by hand.

    ``optional`` tables may be absent. ``recommended_indexes`` are missed with a warning: by the name of each, the
    statement that makes it.
    """

    tables: Mapping[TableName, Table] = field(default_factory=dict)
    enums: Mapping[TableName, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    recommended_indexes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Signature:
    """One object. A table or an enum has no ``name`` beside its own, which is ``table``."""

    kind: ObjectKind
    schema: str
    table: str
    name: str
    definition: str | tuple[str, ...]

    @classmethod
    def of(cls, kind: ObjectKind, text: str) -> Signature:
        """Read a text of ``signature_<kind>.sql``; raises ValueError."""
        schema, table, name, definition = json.loads(text)
        return cls(kind, schema, table, name, tuple(definition) if isinstance(definition, list) else definition)

    def __str__(self) -> str:
        """The text, as PostgreSQL's json_build_array writes it."""
        return json.dumps([self.schema, self.table, self.name, self.definition], ensure_ascii=False)

    @property
    def key(self) -> tuple[ObjectKind, str, str, str]:
        """What it is called, however it is defined."""
        return self.kind, self.schema, self.table, self.name

    @property
    def of_table(self) -> TableName:
        """The table it belongs to, or is."""
        return self.schema, self.table


def signatures(baseline: SchemaBaseline) -> dict[ObjectKind, frozenset[str]]:
    """The texts of all objects, by their kind."""
    found: dict[ObjectKind, set[str]] = {kind: set() for kind in OBJECT_KINDS}
    for signature in _objects(baseline):
        found[signature.kind].add(str(signature))
    return {kind: frozenset(texts) for kind, texts in found.items()}


def without(baseline: SchemaBaseline, absent: Collection[TableName]) -> SchemaBaseline:
    """The same without these tables and what hangs on them: foreign keys to them, and enums that only they use."""
    if not absent:
        return baseline
    gone = frozenset(absent)
    tables = {
        name: replace(table, constraints=_not_leading_to(gone, table.constraints))
        for name, table in baseline.tables.items()
        if name not in gone
    }
    used_there = _types_of(baseline.tables[name] for name in gone if name in baseline.tables)
    orphaned = used_there - _types_of(tables.values())
    enums = {name: labels for name, labels in baseline.enums.items() if not orphaned & spellings(*name)}
    return replace(baseline, tables=tables, enums=enums)


def parent_of(constraint: str) -> TableName | None:
    """The table that a foreign key leads to; None for every other constraint."""
    match = _FOREIGN_KEY.match(constraint)
    return None if match is None else (unquoted(match["schema"]), unquoted(match["table"]))


def _not_leading_to(gone: Collection[TableName], constraints: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in constraints.items() if parent_of(text) not in gone}


def _types_of(tables: Iterable[Table]) -> set[str]:
    return {Column.of(text).type.removesuffix("[]") for table in tables for text in table.columns.values()}


def baseline_of(texts: Mapping[ObjectKind, Iterable[str]]) -> SchemaBaseline:
    """The schema that has these signatures, tables and columns in their order. Raises ValueError."""
    parts: dict[TableName, dict[ObjectKind, dict[str, str]]] = {}
    tables: dict[TableName, str] = {}
    enums: dict[TableName, tuple[str, ...]] = {}
    for kind in OBJECT_KINDS:
        for one in (Signature.of(kind, text) for text in texts.get(kind, ())):
            if isinstance(one.definition, tuple):
                enums[one.of_table] = one.definition
            elif kind == "table":
                tables[one.of_table] = one.definition
            else:
                parts.setdefault(one.of_table, {}).setdefault(kind, {})[one.name] = one.definition
    partitions = dict.fromkeys(parts.keys() - tables.keys(), _PARTITION)
    return SchemaBaseline(
        {name: _table(text, parts.get(name, {})) for name, text in {**tables, **partitions}.items()}, enums
    )


def to_be_kept(live: SchemaBaseline) -> SchemaBaseline:
    """The baseline that a live database makes: a failed build or a disabled foreign key is not how it has to be."""

    def whole(table: Table) -> Table:
        return replace(
            table,
            indexes={name: text.removesuffix(INVALID) for name, text in table.indexes.items()},
            constraints={name: text.removesuffix(DISABLED) for name, text in table.constraints.items()},
        )

    tables = {name: whole(table) for name, table in live.tables.items() if table.definition != _PARTITION}
    return replace(live, tables=tables)


def renewed(before: SchemaBaseline, live: SchemaBaseline, absent: Collection[TableName]) -> SchemaBaseline:
    """What takes ``live`` over, but keeps what is written by hand, and ``absent`` tables with their enums."""
    now = to_be_kept(live)
    kept = {name: table for name, table in before.tables.items() if name in absent and name not in now.tables}
    types = _types_of(kept.values())
    enums = {name: labels for name, labels in before.enums.items() if types & spellings(*name)}
    return replace(before, tables={**now.tables, **kept}, enums={**enums, **now.enums})


def _table(definition: str, parts: Mapping[ObjectKind, Mapping[str, str]]) -> Table:
    return Table(
        definition,
        parts.get("column", {}),
        parts.get("constraint", {}),
        parts.get("index", {}),
        parts.get("trigger", {}),
    )


def _objects(baseline: SchemaBaseline) -> Iterable[Signature]:
    for (schema, name), labels in baseline.enums.items():
        yield Signature("enum", schema, name, "", labels)
    for (schema, name), table in baseline.tables.items():
        if table.definition != _PARTITION:
            yield Signature("table", schema, name, "", table.definition)
        parts: dict[ObjectKind, Mapping[str, str]] = {
            "column": table.columns,
            "constraint": table.constraints,
            "index": table.indexes,
            "trigger": table.triggers,
        }
        for kind, named in parts.items():
            for part, definition in named.items():
                yield Signature(kind, schema, name, part, definition)
