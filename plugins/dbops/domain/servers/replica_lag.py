"""ReplicaLag: how far a replica is behind its primary, and whether that is too far for a backup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dbops.domain.words.quantities import format_duration

_LIMIT = "backup.max_replica_lag"
_LOOK = "See whether its primary runs, and what the replica's log says"


@dataclass(frozen=True, kw_only=True)
class ReplicaLag:
    """What a replica knows of it itself, at one moment.

    ``receives`` is whether it is connected to its primary, ``behind_bytes`` what it has received and not replayed,
    ``newest_change`` when the last transaction was committed that it shows, ``age`` how long ago that is. None is what
    it does not tell.
    """

    receives: bool
    behind_bytes: int | None = None
    newest_change: datetime | None = None
    age: timedelta | None = None

    @property
    def lag(self) -> timedelta | None:
        """How far it is behind; None where that cannot be known.

        What has replayed all that it receives is not behind, however old the newest change is.
        """
        if not self.receives or self.behind_bytes is None:
            return None
        return timedelta() if self.behind_bytes <= 0 else self.age

    def is_within(self, limit: timedelta | None) -> bool:
        """Whether it is surely not further behind than that; None: there is no limit."""
        if limit is None:
            return True
        furthest = self.age if self.lag is None else self.lag
        return furthest is not None and furthest <= limit

    def objection(self, limit: timedelta | None) -> tuple[str, str] | None:
        """What happened and what to do, where it is not within the limit."""
        if limit is None or self.is_within(limit):
            return None
        most = f"{_LIMIT}, {format_duration(limit)}"
        if self.lag is not None:
            return (
                f"is {format_duration(self.lag)} behind its primary, more than {most}",
                f"See what holds its replay up, or back up the primary; else raise {_LIMIT}.",
            )
        return (
            f"{self._unknown}, which may be more than {most}",
            f"{_LOOK}; where it only reads an archive, raise {_LIMIT}, or set it to null.",
        )

    @property
    def note(self) -> str:
        """How far it is behind, in a sentence."""
        if self.lag is None:
            return f"It was read from a replica that {self._unknown}. {_LOOK}."
        if not self.lag:
            return "It was read from a replica that had replayed all that its primary had sent."
        return f"It was read from a replica that was {format_duration(self.lag)} behind its primary."

    @property
    def _unknown(self) -> str:
        why = "does not tell" if self.receives else "receives nothing from its primary, so that nobody knows"
        if self.newest_change is None:
            newest = "nor does it tell when its newest change is from"
        else:
            moment = f"{self.newest_change.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            old = "" if self.age is None else f", {format_duration(self.age)} ago"
            newest = f"its newest change is from {moment}{old}"
        return f"{why} how far it is behind; {newest}"
