"""MigrationProgress: how far a running migration is, and whom it waits for, for the task log and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.words.quantities import format_duration


@dataclass(frozen=True, kw_only=True)
class MigrationProgress:
    """A moment of the migration ``name``.

    ``doing`` is what it is at, in PostgreSQL's words where an index is built; ``done`` of ``total`` are then blocks, or
    whatever it counts. ``waits_for`` are the server's processes of the sessions that it waits for.
    """

    name: str
    doing: str
    elapsed: timedelta
    done: int = 0
    total: int = 0
    waits_for: tuple[int, ...] = ()

    @property
    def stage(self) -> tuple[object, ...]:
        """What makes another line worth reading at once."""
        return self.name, self.doing, self.waits_for

    def sentence(self) -> str:
        """One line: what it does, how far it is, for whom it waits."""
        words = [f"{self.name}: {self.doing}"]
        if self.total:
            words.append(f"{self.done}/{self.total} ({self.done / self.total:.0%})")
        if self.waits_for:
            who = "process" if len(self.waits_for) == 1 else "processes"
            words.append(f"waits for the server's {who} {', '.join(map(str, self.waits_for))}")
        words.append(format_duration(self.elapsed))
        return ", ".join(words)
