"""IndexNeed: an order of rows that a plan had to do without, read from its scans, joins and sorts.

A need is heavy where an index would save much. Others only count where the schema's baseline demands such an index
anyway, and it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbops.domain.query_plan import Plan
from dbops.domain.query_plan.conditions import Condition, KeyColumn, read_conditions, read_sort_key
from dbops.domain.query_plan.label import label
from dbops.domain.query_plan.node import PlanNode
from dbops.domain.query_plan.row_sources import JOINS, KEPT, scan_of, sort_under, through
from dbops.domain.query_plan.work import rows_handled
from dbops.domain.schema.baseline import Table
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import TableName, written
from dbops.domain.words.quantities import format_count

# Fewer rows are read in well under a millisecond, however that is done.
MANY_ROWS = 1000
# And so is a table of a few pages, of which PostgreSQL would rather read all than ask an index.
FEW_ROWS = 100
# An index is faster than reading everything up to about a fifth of the rows; beyond that it jumps to every page anyway.
READ_TIMES = 5
# Up to a few times the rows that are returned, sorting costs less than fetching them does.
SORTED_TIMES = 5
# Yet what is joined to each of them first is made for nothing where the row is not returned.
JOINED_TIMES = 3
_MOST = 0.5
_JOIN_CONDITIONS = ("Hash Cond", "Merge Cond", "Join Filter")
_VARYING = "character varying"


@dataclass(frozen=True, kw_only=True)
class IndexNeed:
    """Of a table's rows those with ``equal`` columns given, then in the order of ``then``, or in a range of it.

    ``rows`` is how many are read without, ``why`` says so.
    """

    table: TableName
    equal: tuple[str, ...]
    then: tuple[KeyColumn, ...] = ()
    is_sorted: bool = False
    is_heavy: bool = True
    rows: float = 0
    why: str = ""

    @property
    def columns(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.equal, *(key.name for key in self.then)))


def read_needs(
    plan: Plan, tables: Mapping[TableName, Table], statistics: Mapping[TableName, TableStatistics]
) -> Iterator[IndexNeed]:
    """What a plan would need; only of tables that are among these, and of which an index can be made in peace."""
    yield from _Reader(tables, statistics).needs(plan.root)


@dataclass(frozen=True)
class _Reader:
    tables: Mapping[TableName, Table]
    statistics: Mapping[TableName, TableStatistics]

    def needs(self, root: PlanNode) -> Iterator[IndexNeed]:
        for node in root.walk():
            if node.alias and self._is_ours(node):
                yield from self._of_scan(node)
            elif node.type in JOINS:
                yield from self._of_join(node)
            elif node.type == "Limit":
                yield from self._of_sort(node, root)

    def _is_ours(self, node: PlanNode) -> bool:
        """Whether it reads a table; of a partition its partitioned table is asked, which cannot be done in peace."""
        table = self.tables.get(node.table) if node.table else None
        kinds = ("table", "unlogged table", "materialized view")
        return node.type != "ModifyTable" and table is not None and table.definition.startswith(kinds)

    def _of_scan(self, scan: PlanNode) -> Iterator[IndexNeed]:
        equal, ranges = self._known(scan)
        if not equal and not ranges:
            return
        read, returned = self._read(scan), scan.returned
        heavy = read is not None and read >= max(MANY_ROWS, READ_TIMES * returned) and _a_time(scan, read) >= FEW_ROWS
        columns = ", ".join([*equal, *(key.name for key in ranges)])
        yield _need(
            scan,
            equal,
            ranges,
            heavy=heavy,
            rows=read or 0,
            why=f"{_scanned(scan)} {_many(read or 0)} to find {_many(returned)} by {columns}",
        )

    def _of_join(self, join: PlanNode) -> Iterator[IndexNeed]:
        sides = [child for child in join.children if child.role in {"Outer", "Inner"}]
        if len(sides) != 2:  # noqa: PLR2004 - a join has two
            return
        for side, other in (sides, sides[::-1]):
            scan = through(side)
            if KEPT.get(join.join) in {side.role, "both"} or scan.type != "Seq Scan" or not self._is_ours(scan):
                continue
            texts = [text for key in _JOIN_CONDITIONS for text in join.conditions.get(key, ())]
            joined = [one.column for one in self._conditions(scan, texts) if one.kind == "equality"]
            read = self._read(scan)
            saved = READ_TIMES * max(join.returned, other.returned)
            if not joined or read is None or read < max(MANY_ROWS, saved) or _a_time(scan, read) < FEW_ROWS:
                continue
            equal, _ = self._known(scan)
            columns = tuple(dict.fromkeys([*equal, *joined]))
            why = f"{_scanned(scan)} {_many(read)} to join {_many(join.returned)} by {', '.join(columns)}"
            yield _need(scan, columns, (), rows=read, why=why)

    def _of_sort(self, limit: PlanNode, root: PlanNode) -> Iterator[IndexNeed]:
        sort = sort_under(limit)
        if sort is None:
            return
        keys = [read_sort_key(text) for text in sort.conditions.get("Sort Key", ())]
        aliases = {key[0] for key in keys if key is not None}
        if None in keys or len(aliases) != 1:
            return
        (alias,) = aliases
        scan = scan_of(sort, alias)
        if scan is None or not self._is_ours(scan):
            return
        rows, asked = sort.children[0].returned, limit.returned
        if rows < max(FEW_ROWS, SORTED_TIMES * asked) and not _is_joined_in_vain(sort.children[0], scan, limit, root):
            return
        known = self._conditions(scan, _texts(scan))
        equal = tuple(dict.fromkeys(one.column for one in known if one.kind == "equality"))  # a list has no order
        then = tuple(key[1] for key in keys if key is not None and key[1].name not in equal)
        order = ", ".join(map(str, then))
        given = f" with {', '.join(equal)} given" if equal else ""
        source = written(*scan.table or ())
        why = f"{_many(rows)} of {source}{given} are sorted by {order} to return the first {asked:,.0f}"
        if then:
            yield _need(scan, equal, then, ordered=True, rows=rows, why=why)

    def _known(self, scan: PlanNode) -> tuple[tuple[str, ...], tuple[KeyColumn, ...]]:
        """The columns that equal something, and the first that lies in a range."""
        known = self._conditions(scan, _texts(scan))
        equal = dict.fromkeys(one.column for one in known if one.kind != "range")
        ranges = [KeyColumn(one.column) for one in known if one.kind == "range" and one.column not in equal]
        return tuple(equal), tuple(ranges[:1])

    def _conditions(self, scan: PlanNode, texts: list[str]) -> list[Condition]:
        """Those on columns as they are stored: PostgreSQL compares varchar as text, which changes nothing."""
        columns = self.tables[scan.table].columns if scan.table else {}
        return [
            one
            for one in read_conditions(texts, scan.alias)
            if one.column in columns
            and (not one.cast or (one.cast == "text" and columns[one.column].startswith(_VARYING)))
        ]

    def _read(self, scan: PlanNode) -> float | None:
        """How many rows a scan has read in all; None where nobody knows."""
        if scan.removed is not None:
            return scan.returned + scan.removed
        known = self.statistics.get(scan.table) if scan.table else None
        return float(known.rows) if known and known.rows is not None and scan.type == "Seq Scan" else None


def _need(
    scan: PlanNode,
    equal: tuple[str, ...],
    then: tuple[KeyColumn, ...],
    *,
    rows: float,
    why: str,
    heavy: bool = True,
    ordered: bool = False,
) -> IndexNeed:
    if scan.rows is None:
        why = f"by the planner's estimate {why}"
    return IndexNeed(
        table=scan.table or ("", ""),
        equal=equal,
        then=then,
        is_sorted=ordered,
        is_heavy=heavy,
        rows=rows,
        why=f"{why[0].upper()}{why[1:]}.",
    )


def _texts(scan: PlanNode) -> list[str]:
    """What decides which rows it returns."""
    keys = ("Index Cond", "Recheck Cond", "Filter")
    return [text for key in keys for text in scan.conditions.get(key, ())]


def _a_time(scan: PlanNode, read: float) -> float:
    """Of all rows read those of one execution; processes that share one count as one."""
    return read if scan.is_parallel else read / max(1, scan.executed)


def _is_joined_in_vain(source: PlanNode, scan: PlanNode, limit: PlanNode, root: PlanNode) -> bool:
    """Whether most of the statement lies below the sort, much of it joined to rows that are then not returned."""
    if source.returned < max(1, JOINED_TIMES * limit.returned):
        return False
    vain = rows_handled(source, without=scan) * (1 - limit.returned / source.returned)
    return vain >= MANY_ROWS and rows_handled(source) >= _MOST * rows_handled(root)


def _scanned(scan: PlanNode) -> str:
    return f"the {label(scan)} of {written(*scan.table or ())} reads"


def _many(rows: float) -> str:
    return format_count(round(rows), "row")
