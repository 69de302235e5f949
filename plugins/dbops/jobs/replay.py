"""replay: what migrations make of an empty database, what a pending one does there, and whether it can go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dbops.domain.connection import DatabaseAddress
from dbops.domain.drift import whole_drift
from dbops.domain.migration_plan import TakenLock
from dbops.domain.migrations import Migration
from dbops.domain.object_differences import Difference
from dbops.domain.schema_baseline import SchemaBaseline
from dbops.domain.whole_schema import WholeSchema
from dbops.gateways.scratch_session import ReplayFailed, run_down, run_migration
from dbops.gateways.statement_locks import TableSize, taken_locks
from dbops.jobs.scratch import Scratch

_SHOWN = 3


def replayed(place: Scratch, migrations: Sequence[Migration]) -> SchemaBaseline:
    """The catalog of an empty database after these migrations, each run as Prisma runs it.

    Raises ReplayFailed, which names folder and line, and ServerFailed.
    """
    return replayed_whole(place, migrations).catalog


def replayed_whole(place: Scratch, migrations: Sequence[Migration]) -> WholeSchema:
    """The same, and what pg_dump says of it."""
    with _after(place, migrations) as address:
        return place.read(address)


def find_drift(place: Scratch, migrations: Sequence[Migration]) -> tuple[Difference, ...]:
    """Where the target's live schema is not what these migrations make, errors first; raises like ``replayed``."""
    return whole_drift(replayed_whole(place, migrations), place.live)


@dataclass(frozen=True)
class Rehearsal:
    """What one migration did on scratch. ``reversible``: its down.sql led back to where it began, else ``why_not``."""

    locks: tuple[TakenLock, ...] = ()
    reversible: bool = False
    why_not: str = ""


def rehearsed(
    place: Scratch,
    applied: Sequence[Migration],
    pending: Sequence[Migration],
    sizes: Mapping[tuple[str, str], TableSize],
) -> dict[str, Rehearsal]:
    """By name, what each pending migration does after those before it; ``sizes`` are the live tables'.

    Raises ReplayFailed where one does not run, and ServerFailed. A down.sql that does not run is told as ``why_not``.
    """
    found: dict[str, Rehearsal] = {}
    waiting = list(pending)
    done = list(applied)
    while waiting:
        with _after(place, done) as address:
            clean = True
            while waiting and clean:
                migration = waiting.pop(0)
                before = place.read(address) if migration.down is not None else None
                locks = taken_locks(address, migration, sizes)
                why_not, clean = "it has no down.sql", True
                if before is not None:
                    why_not, clean = _tried_back(place, address, migration, before)
                found[migration.name] = Rehearsal(locks, not why_not, why_not)
                done.append(migration)
    return found


def _tried_back(
    place: Scratch, address: DatabaseAddress, migration: Migration, before: WholeSchema
) -> tuple[str, bool]:
    """Why down.sql does not lead back, empty where it does; and whether the database is as after the migration."""
    try:
        run_down(address, migration)
    except ReplayFailed as failure:
        where = "" if failure.line is None else f" (line {failure.line})"
        return f"its down.sql does not run{where}: {failure.said}", False
    left = whole_drift(before, place.read(address))
    if left:
        told = "; ".join(one.sentence for one in left[:_SHOWN])
        more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        return f"its down.sql does not lead back to the schema before: {told}{more}", False
    try:
        run_migration(address, migration)
    except ReplayFailed as failure:
        return f"it does not run again after its down.sql: {failure.said}", False
    return "", True


@contextmanager
def _after(place: Scratch, migrations: Sequence[Migration]) -> Iterator[DatabaseAddress]:
    with place.database() as address:
        for migration in migrations:
            run_migration(address, migration)
        yield address
