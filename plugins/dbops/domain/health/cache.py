"""Cache hit ratio: how many blocks a database found in shared_buffers."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.health.concern import Concern, HealthServer
from dbops.domain.health.item import HealthItem
from dbops.domain.words.quantities import format_bytes

_LEAST, _ENOUGH = 0.95, 100_000
CACHE = Concern("cache hit ratio", "95 % or more")
_SHOWN = (
    "SELECT schemaname, relname, heap_blks_read, heap_blks_hit FROM pg_statio_user_tables "
    "ORDER BY heap_blks_read DESC LIMIT 10;"
)


@dataclass(frozen=True)
class CacheUse:
    """Blocks found and not found in shared_buffers, and the size of these and of the database."""

    hits: int
    reads: int
    buffer_bytes: int
    database_bytes: int


def cache_hits(use: CacheUse, server: HealthServer) -> HealthItem:
    """Judge it once there were enough reads to judge by."""
    asked = use.hits + use.reads
    if asked < _ENOUGH:
        return CACHE.ok(f"too few reads to judge: {asked:,} blocks, counted {server.counted}")
    ratio = use.hits / asked
    # Rounded down, so that a ratio below the line never looks as if it were on it.
    value = f"{int(ratio * 1000) / 10} % of {asked:,} blocks, counted {server.counted}"
    if ratio >= _LEAST:
        return CACHE.ok(value)
    buffers, size = format_bytes(use.buffer_bytes), format_bytes(use.database_bytes)
    if use.buffer_bytes < use.database_bytes:
        remedy = (
            f"shared_buffers is {buffers} and the database {size}: look for tables that are read as a whole because "
            "an index lacks, then give shared_buffers up to a quarter of the server's memory. Backups read everything, "
            "and count too."
        )
    else:
        remedy = (
            f"shared_buffers is {buffers} and would hold the whole database of {size}: the reads are those after a "
            "restart, or other databases push it out. See whether the ratio rises until the next run."
        )
    return CACHE.warning(value, remedy, _SHOWN)
