"""CheckedTable: what the catalog says of a table that has rules, and which of its rules that already proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.checks.own_expectations import OWN, RowsToBeUnique, RowsToHaveParent
from dbops.domain.checks.suite import Rule
from dbops.domain.sql.object_names import TableName, quoted, read_table_name


@dataclass(frozen=True, kw_only=True)
class ProvenParent:
    """A foreign key that the server has validated and enforces."""

    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """One table or view; ``kind`` is pg_class's relkind; the others are enforced for every row."""

    name: TableName
    kind: str
    primary_key: tuple[str, ...] = ()
    unique_columns: tuple[frozenset[str], ...] = ()
    parents: tuple[ProvenParent, ...] = ()

    @property
    def keys(self) -> Sequence[str]:
        """The expressions that name a row: its primary key, else where it lies; none for a view."""
        if self.primary_key:
            return [quoted(column) for column in self.primary_key]
        if self.kind == "p":
            return ["tableoid::regclass", "ctid"]
        return ["ctid"] if self.kind in {"r", "m"} else []

    def proves(self, rule: Rule) -> bool:
        """Whether the catalog alone shows that the rule holds."""
        if rule.type not in OWN:
            return False
        asked = OWN[rule.type].model_validate(dict(rule.kwargs))
        if isinstance(asked, RowsToBeUnique):
            return frozenset(asked.columns) in self.unique_columns
        if isinstance(asked, RowsToHaveParent):
            pairs = set(zip(asked.columns, asked.parent_columns, strict=True))
            parent = read_table_name(asked.parent)
            return any(
                one.parent == parent and set(zip(one.columns, one.parent_columns, strict=True)) == pairs
                for one in self.parents
            )
        return False
