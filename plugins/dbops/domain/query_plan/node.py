"""PlanNode: one step of a plan, from EXPLAIN's JSON. Its conditions are masked when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dbops.domain.sql.masked import masked
from dbops.domain.sql.object_names import TableName

# What a node says of its rows: these keys may hold literals. PostgreSQL's other texts are names. A node's output is
# left out: it is the statement's own list of columns over again.
CONDITIONS = (
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Hash Key",
    "Cache Key",
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Order By",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "One-Time Filter",
    "Run Condition",
    "Conflict Filter",
    "Function Call",
    "Table Function Call",
    "Sampling Parameters",
    "Repeatable Seed",
    "Remote SQL",
)
FACTS = (
    "Sort Method",
    "Sort Space Used",
    "Sort Space Type",
    "Rows Removed by Filter",
    "Rows Removed by Index Recheck",
    "Rows Removed by Join Filter",
    "Heap Fetches",
    "Exact Heap Blocks",
    "Lossy Heap Blocks",
    "Hash Buckets",
    "Hash Batches",
    "Peak Memory Usage",
    "Cache Hits",
    "Cache Misses",
    "Workers Planned",
    "Workers Launched",
    "Shared Hit Blocks",
    "Shared Read Blocks",
    "Shared Dirtied Blocks",
    "Temp Read Blocks",
    "Temp Written Blocks",
)


@dataclass(frozen=True, kw_only=True)
class PlanNode:
    """One step. ``conditions`` are by EXPLAIN's words, in its order, masked; ``facts`` its numbers and methods.

    ``estimate`` is how many rows the planner expects at one execution, ``rows`` how many came at one on average, None
    where nothing was executed; ``loops`` is how often it was. ``role`` is what it is to its parent.
    """

    type: str
    role: str = ""
    join: str = ""
    operation: str = ""
    strategy: str = ""
    partial: str = ""
    is_parallel: bool = False
    direction: str = ""
    table: TableName | None = None
    alias: str = ""
    index: str = ""
    subject: str = ""
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, str | float] = field(default_factory=dict)
    cost: tuple[float, float] = (0.0, 0.0)
    estimate: float = 0.0
    width: int = 0
    rows: float | None = None
    loops: float | None = None
    time_ms: tuple[float, float] | None = None
    subplan: str = ""
    children: tuple[PlanNode, ...] = ()

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> PlanNode:
        """Read a ``Plan`` of EXPLAIN's JSON, with those below it."""
        relation = found.get("Relation Name")
        timed = "Actual Total Time" in found
        return cls(
            type=found["Node Type"],
            role=found.get("Parent Relationship", ""),
            join=found.get("Join Type", ""),
            operation=found.get("Operation", ""),
            strategy=found.get("Strategy", ""),
            partial=found.get("Partial Mode", ""),
            is_parallel=bool(found.get("Parallel Aware")),
            direction=found.get("Scan Direction", ""),
            table=None if relation is None else (found.get("Schema", "public"), relation),
            alias=found.get("Alias", ""),
            index=found.get("Index Name", ""),
            subject=found.get("CTE Name", "") or found.get("Function Name", ""),
            conditions={key: _masked(found[key]) for key in CONDITIONS if key in found},
            facts={key: found[key] for key in FACTS if found.get(key)},
            cost=(found.get("Startup Cost", 0.0), found.get("Total Cost", 0.0)),
            estimate=found.get("Plan Rows", 0),
            width=found.get("Plan Width", 0),
            rows=found.get("Actual Rows"),
            loops=found.get("Actual Loops"),
            time_ms=(found["Actual Startup Time"], found["Actual Total Time"]) if timed else None,
            subplan=found.get("Subplan Name", ""),
            children=tuple(cls.of(child) for child in found.get("Plans", ())),
        )

    @property
    def executed(self) -> int:
        """How often it was executed; once where nobody has counted."""
        return 1 if self.loops is None else int(self.loops)

    @property
    def returned(self) -> float:
        """The rows it has returned in all; as estimated, where it was not executed."""
        return self.estimate if self.rows is None else self.rows * self.executed

    @property
    def removed(self) -> float | None:
        """The rows that it has read in all, and thrown away by its filters; None where it was not executed."""
        if self.rows is None:
            return None
        keys = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        return sum(float(self.facts.get(key, 0)) for key in keys) * self.executed

    def walk(self) -> Iterator[PlanNode]:
        """Itself and every node below, as EXPLAIN lists them."""
        yield self
        for child in self.children:
            yield from child.walk()


def _masked(found: Any) -> tuple[str, ...]:
    return tuple(masked(str(one)) for one in (found if isinstance(found, list) else [found]))
