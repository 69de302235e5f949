"""TableStatistics: what PostgreSQL's planner knows of a table, and how old that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class TableStatistics:
    """``rows`` is the last estimate, None where there never was one.

    ``changed`` is how many rows changed since ANALYZE, ``analyzed`` when that was, by a person or by autovacuum, None
    where it never was or nobody remembers, and ``ago`` how long before these statistics were read.
    """

    rows: int | None
    changed: int
    analyzed: datetime | None = None
    ago: timedelta | None = None
