"""Bloat: the usual estimate of how much of a table or btree index is empty, from statistics, without reading it.

It is the pages that there are against those that so many rows of that width would need. It is an estimate: alignment
between columns, compressed values and old statistics make it wrong by some percent, so only much counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from dbops.domain.health.concern import Concern, HealthServer, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.schema.repairs import index_rebuilt
from dbops.domain.sql.object_names import in_sql, written
from dbops.domain.sql.text import literal
from dbops.domain.words.quantities import format_bytes, format_count, listed

_SHARE, _BYTES = 0.4, 32 * 1024**2
LEAST_PAGES = _BYTES // (32 * 1024)
"""What has fewer pages cannot have that much empty, however large a page is."""
_THRESHOLD = "less than 40 % of it, or less than 32 MiB"
TABLE_BLOAT = Concern("bloat of tables (estimate)", _THRESHOLD)
INDEX_BLOAT = Concern("bloat of indexes (estimate)", _THRESHOLD)
_PAGE_HEADER, _LINE_POINTER, _ALIGNED = 24, 4, 8
_ROW_HEADER, _ENTRY_HEADER, _ENTRY_NULLS, _BTREE_TRAILER = 23, 8, 4, 16


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A table or a btree index: ``pages`` there are, ``rows`` in them of ``width`` bytes on average, without headers.

    ``nulls`` says that some are NULL. Where it is not ``described``, statistics of a column lack, because it is new, or
    because our role may not read the table (it is not ``readable``). ``rows`` is negative where nobody has counted.
    """

    schema: str
    name: str
    pages: int
    rows: float
    page_bytes: int
    fillfactor: int
    columns: int
    width: float
    nulls: bool
    described: bool
    readable: bool

    def __str__(self) -> str:
        return written(self.schema, self.name)

    @property
    def table_pages(self) -> int:
        """The pages that these rows need in a table."""
        header = _ROW_HEADER + (ceil(self.columns / 8) if self.nulls else 0)
        return self._pages(_aligned(header) + _aligned(self.width), self.page_bytes - _PAGE_HEADER)

    @property
    def index_pages(self) -> int:
        """The pages that these rows need in a btree: leaves, and what leads to them."""
        header = _ENTRY_HEADER + (_ENTRY_NULLS if self.nulls else 0)
        leaves = self._pages(_aligned(header) + _aligned(self.width), self.page_bytes - _PAGE_HEADER - _BTREE_TRAILER)
        return 1 + leaves + ceil(leaves / 100)

    def _pages(self, row_bytes: int, usable: int) -> int:
        a_page = int(usable * self.fillfactor / 100 / (row_bytes + _LINE_POINTER))
        return ceil(self.rows / max(a_page, 1))


def _aligned(size: float) -> int:
    return ceil(size / _ALIGNED) * _ALIGNED


def table_bloat(tables: Sequence[Stored], server: HealthServer) -> HealthItem:
    """Tables of which much is empty."""
    found = _Found.among([(one, one.table_pages) for one in tables])
    if not found.bloated:
        return found.nothing_bad(TABLE_BLOAT, server)
    remedy = (
        "Vacuum gives this space to new rows; only a rewrite makes the table smaller. Measure it (pgstattuple_approx, "
        "of the extension pgstattuple), then rewrite it with pg_repack, or with VACUUM FULL, which locks everybody out."
    )
    names = [literal(in_sql(one.schema, one.name)) for one in found.bloated]
    sql = statements([f"SELECT * FROM pgstattuple_approx({name});" for name in names])  # noqa: S608 - only shown
    return TABLE_BLOAT.warning(found.value, remedy, sql)


def index_bloat(indexes: Sequence[Stored], server: HealthServer) -> HealthItem:
    """Indexes of which much is empty."""
    found = _Found.among([(one, one.index_pages) for one in indexes])
    if not found.bloated:
        return found.nothing_bad(INDEX_BLOAT, server)
    remedy = (
        "Build them anew at a quiet time: CONCURRENTLY locks nobody out, and needs their space once more meanwhile."
    )
    sql = statements([index_rebuilt(one.schema, one.name) for one in found.bloated])
    return INDEX_BLOAT.warning(found.value, remedy, sql)


@dataclass(frozen=True)
class _Found:
    """What is bloated, the worst first; ``told`` says how much of each, ``unseen`` how many could not be looked at."""

    bloated: Sequence[Stored]
    told: Sequence[str]
    unseen: int

    @classmethod
    def among(cls, expected: Sequence[tuple[Stored, int]]) -> _Found:
        known = [
            (one, (one.pages - pages) * one.page_bytes, 1 - pages / one.pages)
            for one, pages in expected
            if one.described and one.rows >= 0
        ]
        bad = sorted((one for one in known if one[1] >= _BYTES and one[2] >= _SHARE), key=lambda one: -one[1])
        return cls(
            bloated=[one for one, _, _ in bad],
            told=[f"{one}: about {format_bytes(empty)} ({int(share * 100)} %)" for one, empty, share in bad],
            unseen=sum(not one.described and not one.readable for one, _ in expected),
        )

    @property
    def value(self) -> str:
        more = f"; {format_count(self.unseen, 'large one')} not seen" if self.unseen else ""
        return (listed(self.told) or "none to speak of") + more

    def nothing_bad(self, concern: Concern, server: HealthServer) -> HealthItem:
        return concern.hidden(self.value, server.reading) if self.unseen else concern.ok(self.value)
