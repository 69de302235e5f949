"""What a delete needs that no plan shows: for every row that goes, its foreign keys look for rows that point to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbops.domain.advice.index_key import key_columns
from dbops.domain.advice.index_needs import MANY_ROWS, IndexNeed
from dbops.domain.query_plan import Plan
from dbops.domain.schema.baseline import Table, parent_of
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import TableName, written

_FOREIGN_KEY = re.compile(r"FOREIGN KEY (?P<columns>\(.*)", re.DOTALL)

_CHANGES = {"Delete", "Update", "Merge"}


def read_foreign_key_needs(
    plan: Plan, tables: Mapping[TableName, Table], statistics: Mapping[TableName, TableStatistics]
) -> Iterator[IndexNeed]:
    """The columns that PostgreSQL looked rows up by, in the tables that point to the one that was changed."""
    if not any(node.operation in _CHANGES for node in plan.root.walk()):
        return  # whoever only inserts is asked whether its parent is there
    for trigger in plan.triggers:
        for name, table in tables.items():
            parent = parent_of(table.constraints.get(trigger.constraint, ""))
            if parent is None or parent[1] != trigger.table or table.definition == "partitioned table":
                continue
            match = _FOREIGN_KEY.match(table.constraints[trigger.constraint])
            columns = tuple(column.name for column in key_columns(match["columns"]) if column) if match else ()
            known = statistics.get(name)
            rows = known.rows or 0 if known else 0
            why = (
                f"For each row of {written(*parent)} that goes, the foreign key {trigger.constraint} reads all "
                f"{rows:,} rows of {written(*name)} to find those with its {', '.join(columns)}."
            )
            if columns:
                yield IndexNeed(table=name, equal=columns, is_heavy=rows >= MANY_ROWS, rows=rows, why=why)
