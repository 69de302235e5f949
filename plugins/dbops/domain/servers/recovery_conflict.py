"""A recovery conflict: a replica ends what reads from it, so that it can go on replaying what its primary did."""

from __future__ import annotations

from dataclasses import dataclass

_CONFLICT = "conflict with recovery"
_ROWS = "row versions"
_LOCK = "relation lock"
_LOST = ("closed the connection", "connection to server was lost", "terminat", "snapshot")

_WAIT = (
    "raise max_standby_streaming_delay (of a replica that reads an archive, max_standby_archive_delay) above the time "
    "that a backup takes; meanwhile it falls behind"
)
_OF_ROWS = (
    "VACUUM on the primary removed rows that were still being read. Set hot_standby_feedback = on on the replica, so "
    f"that the primary keeps them so long, or {_WAIT}."
)
_OF_LOCK = (
    "Something on the primary locked a table that was being read: a migration, TRUNCATE, or a VACUUM that gave pages "
    f"back. Keep the two apart, or {_WAIT}."
)
_OF_ANY = f"Set hot_standby_feedback = on on the replica, or {_WAIT}. Another attempt may succeed."


def conflict_remedy(said: str) -> str | None:
    """What to do where a server's words tell of such a conflict; None where they do not."""
    if _CONFLICT not in said:
        return None
    return _OF_ROWS if _ROWS in said else _OF_LOCK if _LOCK in said else _OF_ANY


@dataclass(frozen=True, kw_only=True)
class ConflictCounts:
    """How many sessions in a database a replica has ended for such conflicts, since it counts: by what they were over.

    A session that is ended between two statements often hears no more than that its connection is closed. Then the
    counts say why.
    """

    rows: int
    locks: int
    others: int

    def remedy(self, said: str, since: ConflictCounts) -> str | None:
        """What to do where a session, which said that, was lost to a conflict since; None where it was not."""
        if not any(words in said for words in _LOST):
            return None
        if self.rows > since.rows:
            return _OF_ROWS
        if self.locks > since.locks:
            return _OF_LOCK
        return _OF_ANY if self.others > since.others else None
