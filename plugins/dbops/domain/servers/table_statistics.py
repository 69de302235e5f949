"""TableStatistics: what PostgreSQL's planner knows of a table and its columns, and how old that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class ColumnStatistics:
    """``distinct`` is how many values a column has, below 0 as a share of the rows, as pg_stats has it.

    ``most_common`` is the share of the rows that have the most common one, 0 where none stands out; ``width`` is how
    many bytes a value takes on average.
    """

    distinct: float
    most_common: float = 0.0
    width: int = 0

    def share(self, rows: float) -> float:
        """The share of so many rows that one value has at most; 1 where nobody knows."""
        distinct = self.distinct if self.distinct >= 0 else -self.distinct * rows
        return max(self.most_common, 1 / distinct) if distinct >= 1 else 1.0


@dataclass(frozen=True, kw_only=True)
class TableStatistics:
    """``rows`` is the last estimate, None where there never was one.

    ``changed`` is how many rows changed since ANALYZE, ``analyzed`` when that was, by a person or by autovacuum, None
    where it never was or nobody remembers, and ``ago`` how long before these statistics were read. ``columns`` are
    those that are known.
    """

    rows: int | None
    changed: int
    analyzed: datetime | None = None
    ago: timedelta | None = None
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)
