"""Left copy: the database that a run has loaded for a swap which does not take place. It stays: dbops drops none.

What was asked for beside the live database is none: that is what was wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbops.domain.restores.hold import held_for
from dbops.domain.restores.names import restore_names
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.words.quantities import format_bytes

_MADE = {
    RestoreState.LOADING,
    RestoreState.LOADED,
    RestoreState.ANALYZED,
    RestoreState.VERIFIED,
    RestoreState.FAILED,
}


@dataclass(frozen=True)
class LeftCopy:
    """A ``database`` that nobody will swap in any more since ``since``; ``records`` are those that name it."""

    database: str
    since: datetime
    records: tuple[RestoreRecord, ...]

    @property
    def newest(self) -> RestoreRecord:
        """The record of the run that was planned last."""
        return self.records[-1]

    @property
    def to_be_noted(self) -> tuple[RestoreRecord, ...]:
        """Those that have to say that it is gone, once it is."""
        return tuple(record for record in self.records if may_be_left(record))


def may_be_left(record: RestoreRecord) -> bool:
    """Whether that run may have loaded, for a swap, a database that is not known to be gone.

    Not one of another name than a restore gives: people are advised to drop it, and who may write to the bucket can
    edit a record.
    """
    return (
        record.request.mode == "swap"
        and record.state in _MADE
        and record.copy_gone is None
        and record.database == restore_names(record.request, record.live, record.planned).database
    )


def left_copies(dated: Iterable[tuple[datetime, RestoreRecord]], wait: timedelta, now: datetime) -> Iterator[LeftCopy]:
    """Those that are left, by the records of a target, each with when it was written.

    A run that does not say its end is taken for dead when it holds its backup no longer; people have ``wait`` to
    answer. As long as any run that names a database goes on, that is not left.
    """
    by_name: dict[str, list[tuple[datetime, RestoreRecord]]] = {}
    for written, record in dated:
        if record.request.mode == "swap":
            by_name.setdefault(record.database, []).append((_over_since(record, written, wait), record))
    for database, found in by_name.items():
        since = max(over for over, _ in found)
        if since <= now and any(may_be_left(record) for _, record in found):
            records = sorted((record for _, record in found), key=lambda record: record.planned)
            yield LeftCopy(database, since, tuple(records))


def way_on(record: RestoreRecord) -> str:
    """For who reads that a swap does not take place: what stays of it, and what can be done."""
    size = f", {format_bytes(record.loaded_bytes)}" if record.loaded_bytes else ""
    again = f" in mode swap with loaded: {record.database}, which loads nothing again"
    return (
        f"The restored copy stays on the server: {record.database}{size}. If nobody wants it, drop it "
        f"(DROP DATABASE {quote_name(record.database)};). If you still want the swap, start a new run"
        f"{again if record.state is RestoreState.VERIFIED else ''}; or put the copy into place by hand "
        "(docs/runbooks/restore-by-hand.md, step 9)."
    )


def _over_since(record: RestoreRecord, written: datetime, wait: timedelta) -> datetime:
    if record.ended is not None:
        return record.ended.when
    if record.state in {RestoreState.FAILED, RestoreState.SWAPPED}:
        return written
    return written + held_for(wait)
