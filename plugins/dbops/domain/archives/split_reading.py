"""Split reading: when one table is most of a database, several connections read it, each its share of the pages.

pg_dump reads a table over one connection, so that the largest table decides how long a dump takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

TableName = tuple[str, str]

_STEP = 8192  # pages: 64 MiB at a time, so that parts with longer rows are spread over all readers
_STEPS_A_READER = 8
_WORTH_IT = 2


@dataclass(frozen=True)
class SplitReading:
    """The tables to read in ranges, over how many connections, and how many pg_dump keeps for everything else."""

    tables: tuple[TableName, ...]
    readers: int
    workers: int


@dataclass(frozen=True)
class PageRange:
    """The pages from ``first`` up to, not including, ``end``; None is the end of the table, however far it grew."""

    first: int
    end: int | None


def plan_split_reading(
    sizes: Mapping[TableName, int], *, jobs: int, above: int | None, among: Collection[TableName]
) -> SplitReading | None:
    """How to read tables of these ``sizes`` (bytes) with ``jobs`` connections; None where pg_dump alone does as well.

    A table is split that holds more than one connection's fair share, and more than ``above`` bytes; ``among`` are
    those that can be. Never more than ``jobs`` connections read at a time.
    """
    whole = sum(sizes.values())
    if above is None or not whole:
        return None
    tables = [name for name in among if sizes.get(name, 0) > max(above, whole / jobs)]
    rest = 1 - sum(sizes[name] for name in tables) / whole
    workers = max(1, round(jobs * rest))
    readers = jobs - workers
    if not tables or readers < _WORTH_IT:
        return None
    return SplitReading(tuple(sorted(tables, key=lambda name: -sizes[name])), readers, workers)


def page_ranges(pages: int, readers: int) -> list[list[PageRange]]:
    """Divide a table of so many pages among the readers, in small steps in turn; the last step is open at its end."""
    step = max(1, min(_STEP, pages // (readers * _STEPS_A_READER)))
    firsts = range(0, max(1, pages), step)
    ranges = [PageRange(first, first + step) for first in firsts]
    ranges[-1] = PageRange(ranges[-1].first, None)
    return [ranges[number::readers] for number in range(readers)]
