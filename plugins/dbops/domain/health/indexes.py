"""Indexes that cost more than they give: unused, there twice, or INVALID because their build failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dbops.domain.health.concern import Concern, HealthServer, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.schema.repairs import index_dropped, index_rebuilt
from dbops.domain.sql.object_names import in_sql, quoted, written
from dbops.domain.words.quantities import format_bytes, listed

UNUSED_BYTES = 1024**2
"""Smaller indexes cost too little to speak of."""
_ASKED, _COUNTED_SECONDS = 1_000, 7 * 86_400.0
UNUSED = Concern("unused indexes", "none of 1 MiB or more, once its table was asked 1,000 times, in 7 days or more")
DUPLICATE = Concern("duplicate indexes", "none")
INVALID = Concern("INVALID indexes", "none, but for those that are being built")


@dataclass(frozen=True, kw_only=True)
class UnusedIndex:
    """An index that no query has used, while its table was asked ``table_scans`` times.

    It ``leads_with_key`` where a foreign key of its table begins with its first column.
    """

    schema: str
    name: str
    table_name: str
    bytes: int
    table_scans: int
    partitioned: bool
    leads_with_key: bool

    def __str__(self) -> str:
        key = ", of a foreign key" if self.leads_with_key else ""
        return f"{written(self.schema, self.table_name, self.name)} ({format_bytes(self.bytes)}{key})"

    @property
    def dropped(self) -> str:
        """The statement that drops it."""
        return _dropped(self.schema, self.name, partitioned=self.partitioned)


@dataclass(frozen=True, kw_only=True)
class TwinIndex:
    """One of several indexes that are the same; those have the same ``twin``.

    It is needed where foreign keys, replication or an exclusion depend on it. ``scans`` is how often it was used.
    """

    twin: int
    schema: str
    table_name: str
    name: str
    is_primary: bool
    is_unique: bool
    is_immediate: bool
    is_valid: bool
    is_needed: bool
    constraint_name: str | None
    scans: int
    partitioned: bool
    bytes: int

    @property
    def worth(self) -> tuple[bool, ...]:
        """By what the one to keep is chosen: what it enforces comes before everything."""
        enforces = self.is_unique and self.is_immediate and self.is_valid
        return (
            enforces,
            self.is_needed,
            self.is_primary,
            self.constraint_name is not None,
            self.is_unique,
            self.is_valid,
        )

    @property
    def dropped(self) -> str:
        """The statement that drops it, and the constraint that it belongs to."""
        if self.constraint_name is not None:
            table = in_sql(self.schema, self.table_name)
            return f"ALTER TABLE {table} DROP CONSTRAINT {quoted(self.constraint_name)};"
        return _dropped(self.schema, self.name, partitioned=self.partitioned)


@dataclass(frozen=True, kw_only=True)
class InvalidIndex:
    """An index that no query uses; ``building`` is None where our role may not see whether it is just being built."""

    schema: str
    name: str
    table_name: str
    building: bool | None
    any_build: bool

    def __str__(self) -> str:
        return written(self.schema, self.table_name, self.name)

    @property
    def mended(self) -> str:
        """The statement that puts it right: what a rebuild has left is dropped, any other is built anew."""
        left = self.name.rstrip("0123456789").endswith(("_ccnew", "_ccold"))
        return index_dropped(self.schema, self.name) if left else index_rebuilt(self.schema, self.name)


def unused(indexes: Sequence[UnusedIndex], server: HealthServer) -> HealthItem:
    """Indexes that nobody needed, the largest first; ``indexes`` has those of ``UNUSED_BYTES`` or more."""
    idle = sorted((one for one in indexes if one.table_scans >= _ASKED), key=lambda one: -one.bytes)
    if not idle:
        return UNUSED.ok(f"none, counted {server.counted}")
    value = f"{listed([str(one) for one in idle])}, counted {server.counted}"
    if server.counted_seconds is not None and server.counted_seconds < _COUNTED_SECONDS:
        return UNUSED.ok(f"too early to judge: {value}")
    remedy = (
        "Each makes every write slower. Look on the replicas first, for each server counts its own queries, and think "
        "of reports that run once a month; then drop them."
    )
    if any(one.leads_with_key for one in idle):
        remedy += " Keep that of a foreign key where rows are deleted that it refers to."
    return UNUSED.warning(value, remedy, statements([one.dropped for one in idle if not one.leads_with_key]))


def duplicate(indexes: Iterable[TwinIndex]) -> HealthItem:
    """Which indexes are the same as another of their table, and which of these can go."""
    told, sqls, wasted = [], [], 0
    for kept, same in _pairs(indexes):
        table = written(kept.schema, kept.table_name)
        if same.is_needed:
            told.append(f"{kept.name} and {same.name} of {table}, both needed")
            continue
        told.append(f"{same.name} of {table} is {kept.name} again")
        sqls.append(same.dropped)
        wasted += same.bytes
    if not told:
        return DUPLICATE.ok("none")
    if not sqls:
        return DUPLICATE.ok(listed(told))
    remedy = f"Drop those that are there again: {format_bytes(wasted)}, and every write is faster."
    return DUPLICATE.warning(listed(told), remedy, statements(sqls))


def _pairs(indexes: Iterable[TwinIndex]) -> Iterator[tuple[TwinIndex, TwinIndex]]:
    """Of those that are the same the one to keep, and each other one."""
    for _, group in groupby(
        sorted(indexes, key=lambda one: (one.schema, one.table_name, one.twin)), lambda one: one.twin
    ):
        kept, *others = sorted(group, key=lambda one: ([not yes for yes in one.worth], -one.scans, one.name))
        for same in others:
            yield kept, same


def invalid(indexes: Sequence[InvalidIndex], server: HealthServer) -> HealthItem:
    """Indexes whose build failed; those that are being built are left out."""
    if any(one.any_build and one.building is None for one in indexes):
        return INVALID.hidden(f"{listed([str(one) for one in indexes])}: failed or being built", server.monitoring)
    failed = [one for one in indexes if not one.building]
    if not failed:
        return INVALID.ok("none" if not indexes else f"{listed([str(one) for one in indexes])}: being built")
    remedy = (
        "No query uses them, and every write keeps them up. Build them anew (a unique one only succeeds without "
        "duplicates), or drop them."
    )
    return INVALID.warning(listed([str(one) for one in failed]), remedy, statements([one.mended for one in failed]))


def _dropped(schema: str, name: str, *, partitioned: bool) -> str:
    # The index of a partitioned table cannot be dropped CONCURRENTLY.
    return f"DROP INDEX {in_sql(schema, name)};" if partitioned else index_dropped(schema, name)
