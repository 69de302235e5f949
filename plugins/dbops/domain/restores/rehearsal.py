"""Rehearsal: whether a restore of a target would be allowed, as last planned, read-only, with nobody in need of it.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.words.quantities import format_moment
from dbops.domain.words.recorded import Moment

RESTORED_ELSEWHERE = "restored_elsewhere"
"""The word of ``allow`` in a target's file by which nobody restores it here, so that nothing is rehearsed."""

# Daily, for a DAG that runs hourly and not always at the same second; what is bad is looked at again each hour.
_EVERY = timedelta(hours=23, minutes=30)
_AGAIN = timedelta(minutes=50)
# A server that is restarted, or away for an hour, is told of by the jobs that need it.
_PATIENCE = timedelta(hours=3)


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Rehearsal:
    """``refusals`` are sentences on what would stand in the way of a swap, with what to do; none: it is ``ready``.

    ``unknown`` says why nobody could plan, empty where it could be done, and ``unknown_since`` when that began.
    ``role`` is the one that would restore, ``backup_id`` what: None where it did not come so far.
    """

    target: str
    planned: Moment
    backup_id: BackupId | None = None
    role: str | None = None
    refusals: tuple[str, ...] = ()
    unknown: str = ""
    unknown_since: Moment | None = None
    format: Literal[1] = 1

    @property
    def is_ready(self) -> bool:
        """Whether nothing stood in the way."""
        return not self.refusals and not self.unknown

    @property
    def is_lasting(self) -> bool:
        """Whether what is bad is no matter of an hour, so that people are to be told."""
        since = self.unknown_since
        return bool(self.refusals) or (since is not None and self.planned - since >= _PATIENCE)

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _REHEARSAL.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> Rehearsal:
        """Read a rehearsal; raises ValueError where it is none of format 1."""
        return _REHEARSAL.validate_json(body)


def is_due(last: Rehearsal | None, now: datetime) -> bool:
    """Whether to rehearse again; one that is dated in the future was written by a wrong clock."""
    if last is None or last.planned > now:
        return True
    return now - last.planned >= (_EVERY if last.is_ready else _AGAIN)


def rehearsal_sentence(target: str, rehearsal: Rehearsal | None, *, is_elsewhere: bool = False) -> str:
    """What people read of it first; what stands in the way follows by itself. ``is_elsewhere`` as the file has it."""
    if is_elsewhere:
        return f"A restore of {target} is not rehearsed: its file has allow: [{RESTORED_ELSEWHERE}]."
    if rehearsal is None:
        return f"It is not known whether a restore of {target} would be allowed: none has been rehearsed yet."
    planned = f"planned {format_moment(rehearsal.planned)}"
    if rehearsal.unknown:
        return f"It is not known whether a restore of {target} would be allowed, {planned}: {rehearsal.unknown}"
    of = f" with backup {rehearsal.backup_id}" if rehearsal.backup_id else ""
    by = f" as the role {rehearsal.role}" if rehearsal.role else ""
    if rehearsal.refusals:
        return f"A restore of {target} would be refused, {planned}{of}{by}."
    return f"A restore of {target}: ready, {planned}{of}{by}."


_REHEARSAL = TypeAdapter(Rehearsal)
