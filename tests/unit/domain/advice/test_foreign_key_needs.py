"""Promise: a delete that reads a whole table for each row that goes is told, and nothing that does not."""

from __future__ import annotations

import pytest

from dbops.domain.advice.foreign_key_needs import read_foreign_key_needs
from dbops.domain.advice.index_needs import IndexNeed
from dbops.domain.query_plan import Plan
from dbops.domain.schema.baseline import Table
from dbops.domain.servers.table_statistics import TableStatistics
from tests.unit.plans import made

CHILD = ("public", "child")
KEY = "FOREIGN KEY (a, b) REFERENCES public.parent(x, y) ON DELETE CASCADE"


def changing(operation: str = "Delete", *, table: str = "parent", constraint: str = "child_fkey") -> Plan:
    fired = {"Trigger Name": "RI", "Constraint Name": constraint, "Relation": table, "Calls": 1, "Time": 1.0}
    return made({"Node Type": "ModifyTable", "Operation": operation}, Triggers=[fired], **{"Execution Time": 2.0})


def needs(plan: Plan, *, table: Table | None = None, known: TableStatistics | None = None) -> list[IndexNeed]:
    child = table or Table(columns={"a": "integer", "b": "integer"}, constraints={"child_fkey": KEY})
    tables = {("public", "parent"): Table(), CHILD: child}
    return list(read_foreign_key_needs(plan, tables, {CHILD: known} if known else {}))


@pytest.mark.parametrize("operation", ["Delete", "Update", "Merge"])
def test_the_columns_by_which_rows_are_looked_up_are_needed(operation: str) -> None:
    (need,) = needs(changing(operation), known=TableStatistics(rows=1000, changed=0))

    assert (need.table, need.equal, need.is_heavy, need.rows) == (CHILD, ("a", "b"), True, 1000)
    assert need.why == (
        "For each row of public.parent that goes, the foreign key child_fkey reads all 1,000 rows of public.child to "
        "find those with its a, b."
    )


def test_whoever_only_inserts_is_asked_for_the_parent_which_has_its_key() -> None:
    assert needs(changing("Insert")) == []


def test_a_key_of_another_name_or_to_another_table_was_not_looked_up() -> None:
    assert needs(changing(constraint="other_fkey")) == []
    assert needs(changing(table="child")) == []


def test_the_index_of_a_partitioned_table_is_not_made_in_peace() -> None:
    partitioned = Table("partitioned table", columns={"a": "integer"}, constraints={"child_fkey": KEY})
    assert needs(changing(), table=partitioned) == []


@pytest.mark.parametrize("known", [None, TableStatistics(rows=None, changed=0)])
def test_a_table_of_which_nobody_knows_the_rows_is_no_large_one(known: TableStatistics | None) -> None:
    (need,) = needs(changing(), known=known)
    assert (need.is_heavy, need.rows, "reads all 0 rows of public.child" in need.why) == (False, 0, True)
