"""Progress: how far a running backup or restore is, for the task log and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.words.quantities import format_bytes, format_duration


@dataclass(frozen=True)
class Progress:
    """A moment of a running backup.

    ``fraction`` is an estimate between 0 and 1 of what is stored, by the tables' sizes on the server.
    """

    tables_done: int
    tables: int
    bytes_read: int
    bytes_uploaded: int
    elapsed: timedelta
    fraction: float
    spooled: int
    paused: bool

    @property
    def remaining(self) -> timedelta | None:
        """The estimated time to the end; None while it would be a guess."""
        if not 0.02 < self.fraction < 1:  # noqa: PLR2004 - below, the first table decides everything
            return None
        return self.elapsed * ((1 - self.fraction) / self.fraction)

    def sentence(self) -> str:
        """One line: what is done, how fast, how long it will take."""
        seconds = max(self.elapsed.total_seconds(), 0.001)
        words = [
            f"{self.tables_done}/{self.tables} tables",
            f"{format_bytes(self.bytes_read)} read",
            f"{format_bytes(self.bytes_uploaded)} uploaded at {format_bytes(self.bytes_uploaded / seconds)}/s",
        ]
        if self.remaining is not None:
            words.append(f"about {format_duration(self.remaining)} left")
        if self.paused:
            words.append(f"pg_dump waits for the store ({format_bytes(self.spooled)} spooled)")
        return ", ".join(words)


@dataclass(frozen=True)
class LoadProgress:
    """A moment of an archive's way into a database; bytes as stored."""

    files_done: int
    files: int
    bytes_loaded: int
    bytes: int
    elapsed: timedelta

    def sentence(self) -> str:
        """One line: what is done, how fast, how long it will take."""
        seconds = max(self.elapsed.total_seconds(), 0.001)
        words = [
            f"{self.files_done}/{self.files} files",
            f"{format_bytes(self.bytes_loaded)} of {format_bytes(self.bytes)} loaded",
            f"{format_bytes(self.bytes_loaded / seconds)}/s",
        ]
        if self.bytes_loaded == self.bytes:
            words.append("indexes and constraints follow")
        elif self.bytes_loaded:
            left = self.elapsed * ((self.bytes - self.bytes_loaded) / self.bytes_loaded)
            words.append(f"about {format_duration(left)} left, without indexes")
        return ", ".join(words)
