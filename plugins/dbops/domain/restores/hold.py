"""Restore hold: a restore that is not at its end holds its backup, by the record that it keeps anyway.

What lies in the bucket is the record alone: nobody has to release anything, which a killed run would never do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.backups.retention import Hold
from dbops.domain.restores.record import RestoreRecord, RestoreState

LONGEST_STEP = timedelta(days=7)
"""How long a step may take, its retries included, before its run is taken for dead; waiting for a yes comes on top."""

_LONGEST_WAIT = timedelta(days=365)


def held_for(wait: timedelta) -> timedelta:
    """How long a record holds from its last step on, where people have ``wait`` to answer, of which a year counts."""
    return min(wait, _LONGEST_WAIT) + LONGEST_STEP


def restore_hold(record: RestoreRecord, written: datetime, wait: timedelta) -> Hold | None:
    """The hold of a restore whose record was ``written`` then, by the store's clock; None where it is at its end.

    One that has found its backup and what was loaded to differ holds it too, as long as that is there: somebody has to
    see which is at fault. So does one that ended without its swap, for a week: another run may take its copy over, and
    has to verify it again.
    """
    if record.state is RestoreState.SWAPPED or record.copy_gone is not None:
        return None
    is_swap, is_verified = record.request.mode == "swap", record.state is RestoreState.VERIFIED
    if record.ended is not None:
        why = f"a new run may swap in {record.database}, which the run {record.run} has verified, and did not swap in"
        return _hold(record, written + LONGEST_STEP, why) if is_swap and is_verified else None
    if is_verified and not is_swap:
        return None
    why = f"its restore in the run {record.run} has not ended, but is {record.state}"
    return _hold(record, written + held_for(wait), why)


def _hold(record: RestoreRecord, until: datetime, why: str) -> Hold:
    return Hold(record.backup_id, until, why, record.requested_by or "nobody known")
