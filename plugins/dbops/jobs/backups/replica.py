"""replica: what a backup has to know of the server where that is a replica, and what ended it there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dbops.domain.backups.backup import ReplicaNote
from dbops.domain.servers.recovery_conflict import ConflictCounts
from dbops.domain.servers.replica_lag import ReplicaLag
from dbops.domain.target import Target
from dbops.domain.words.quantities import listed
from dbops.errors import DatabaseError, DumpFailed, PreflightFailed
from dbops.gateways.server.database import Database, DumpedRelation

_LOOK_AGAIN = (0.2, 0.5, 1.0)  # seconds


@dataclass(frozen=True)
class ReplicaFacts:
    """What is known of it before it is dumped; ``notes`` and ``warnings`` are sentences for the backup's report."""

    note: ReplicaNote
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    conflicts: ConflictCounts


def look_at_replica(database: Database, relations: Sequence[DumpedRelation], target: Target) -> ReplicaFacts:
    """See how far it is behind, and what it does not have; raises PreflightFailed where that is too far."""
    lag = _lag(database, target)
    unlogged = tuple(f"{each.schema}.{each.name}" for each in relations if each.is_unlogged and not each.is_sequence)
    known = None if lag.lag is None else lag.lag.total_seconds()
    return ReplicaFacts(
        note=ReplicaNote(lag_seconds=known, newest_change=lag.newest_change, unlogged=unlogged),
        notes=(*([] if known is None else [lag.note]), *_without_rows(unlogged)),
        warnings=() if known is not None else (lag.note,),
        conflicts=database.recovery_conflicts(),
    )


def _lag(database: Database, target: Target) -> ReplicaLag:
    """How far it is behind; raises PreflightFailed where that is, and stays, too far.

    A change that comes after hours of rest makes a replica look hours behind until it is replayed, a moment later.
    """
    limit, pauses = target.backup.max_replica_lag, iter(_LOOK_AGAIN)
    while True:
        lag = database.replica_lag()
        objection = lag.objection(limit)
        if objection is None:
            return lag
        pause = next(pauses, None)
        if pause is None:
            what, remedy = objection
            raise PreflightFailed(f"The server of connection {target.connection} is a replica that {what}.", remedy)
        time.sleep(pause)


def _without_rows(unlogged: Sequence[str]) -> Iterator[str]:
    if unlogged:
        yield (
            f"A replica has no rows of unlogged tables, so the backup has none of {listed(unlogged)}; they will be "
            "restored empty."
        )


@contextmanager
def naming_conflicts(database: Database, replica: ReplicaFacts | None) -> Iterator[None]:
    """Within, a dump that is lost to a recovery conflict says so, also where its programs have not heard why."""
    try:
        yield
    except DumpFailed as failure:
        remedy = None
        if replica is not None:
            with suppress(DatabaseError):
                remedy = database.recovery_conflicts().remedy(failure.what, since=replica.conflicts)
        if remedy is None:
            raise
        raise DumpFailed(
            f"The replica ended the dump, by a conflict with recovery, to go on replaying what its primary did: "
            f"{failure.what}",
            remedy,
        ) from None
