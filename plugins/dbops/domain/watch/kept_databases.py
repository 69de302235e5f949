"""Kept databases: what a swap has replaced and nobody has dropped yet takes its disk, until somebody decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.restores.database_names import before_name
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.watch.problem import Problem, ProblemKind, key_of

_REMIND_AFTER = timedelta(days=1)


def may_be_kept(record: RestoreRecord) -> bool:
    """Whether that restore has replaced a database of which nobody knows yet that it is gone.

    Not one of another name than a swap gives: people are advised to drop it, and who may write to the bucket can edit
    a record.
    """
    return (
        record.swapped is not None
        and record.live_oid is not None
        and record.before == before_name(record.live, record.planned)
        and (record.old_gone is None)
    )


def kept_problem(record: RestoreRecord, now: datetime) -> Problem | None:
    """The reminder of an old database that is still there; None while it is too young to be reminded of."""
    swapped = record.swapped
    if swapped is None or record.before is None or now - swapped < _REMIND_AFTER:
        return None
    return Problem(
        kind=ProblemKind.OLD_DATABASE,
        key=key_of(record.target, ProblemKind.OLD_DATABASE, record.before),
        target=record.target,
        sentence=(
            f"The database {record.before}, which backup {record.backup_id} replaced on {swapped:%Y-%m-%d}, is still "
            f"there and takes its disk."
        ),
        remedy=f"When nobody will want to go back to it, drop it (DROP DATABASE {quote_name(record.before)};).",
        since=swapped,
    )
