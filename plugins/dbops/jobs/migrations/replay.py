"""replay: what migrations make of an empty database, what a pending one does there, and whether it can go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from dbops.domain.ledger.migration import Migration
from dbops.domain.migrations.planned import TakenLock
from dbops.domain.schema.drift import whole_drift
from dbops.domain.schema.object_differences import Difference, first_told
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.scratch.scratch_session import ReplayFailed, run_down, run_migration
from dbops.gateways.scratch.statement_locks import TableSize, taken_locks
from dbops.jobs.migrations.scratch import Scratch

_SHOWN = 3


def replayed_whole(place: Scratch, migrations: Sequence[Migration]) -> WholeSchema:
    """The schema of an empty database after these migrations, each run as Prisma runs it.

    Raises ReplayFailed, which names folder and line, and ServerFailed.
    """
    with _after(place, migrations) as address:
        return place.read(address)


def find_drift(place: Scratch, migrations: Sequence[Migration]) -> tuple[Difference, ...]:
    """Where the target's live schema is not what these migrations make, errors first; raises the same."""
    return whole_drift(replayed_whole(place, migrations), place.live)


@dataclass(frozen=True)
class ScratchRun:
    """What one migration did on scratch. ``reversible``: its down.sql led back to where it began, else ``why_not``."""

    locks: tuple[TakenLock, ...] = ()
    reversible: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Trial:
    """What scratch has shown. ``differences`` are as of ``find_drift``, None where nothing was compared.

    ``runs`` are of the pending migrations, by their names; ``refused`` says which of all did not run, and then
    there is none.
    """

    differences: tuple[Difference, ...] | None = None
    runs: Mapping[str, ScratchRun] = field(default_factory=dict)
    refused: str = ""


def tried(
    place: Scratch,
    applied: Sequence[Migration],
    pending: Sequence[Migration],
    sizes: Mapping[tuple[str, str], TableSize],
) -> Trial:
    """Compare what is live with the applied migrations, and try each pending one after those before it.

    ``sizes`` are the live tables'. Raises ReplayFailed where an applied one does not run, and ServerFailed.
    """
    differences: tuple[Difference, ...] | None = None
    runs: dict[str, ScratchRun] = {}
    try:
        while differences is None or len(runs) < len(pending):
            done, waiting = pending[: len(runs)], pending[len(runs) :]
            with _after(place, [*applied, *done]) as address:
                known: WholeSchema | None = None
                if differences is None:
                    known = place.read(address)
                    differences = whole_drift(known, place.live)
                runs |= _run_each(place, address, waiting, sizes, known)
    except ReplayFailed as failure:
        if differences is None:
            raise
        return Trial(differences, refused=str(failure))
    return Trial(differences, runs)


def _run_each(
    place: Scratch,
    address: DatabaseAddress,
    migrations: Sequence[Migration],
    sizes: Mapping[tuple[str, str], TableSize],
    known: WholeSchema | None,
) -> dict[str, ScratchRun]:
    """What each of them does in this database, up to the first whose down.sql leaves it unfit for the next.

    ``known`` is what was just read there, if anything was.
    """
    found: dict[str, ScratchRun] = {}
    for migration in migrations:
        before = (known or place.read(address)) if migration.down is not None else None
        known = None  # from here on the database is another
        locks = taken_locks(address, migration, sizes)
        why_not, clean = "it has no down.sql", True
        if before is not None:
            why_not, clean = _tried_back(place, address, migration, before)
        found[migration.name] = ScratchRun(locks, not why_not, why_not)
        if not clean:
            break
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
        return f"its down.sql does not lead back to the schema before: {first_told(left, _SHOWN)}", False
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
