"""Ledger: the table ``_prisma_migrations``, which says what was applied to a database; and what its rows come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

LEDGER = "_prisma_migrations"
"""What Prisma calls the table."""

LOCK = 72_707_369
"""The key of the session's advisory lock under which Prisma migrates."""

_COLUMNS = (
    "id VARCHAR(36) PRIMARY KEY NOT NULL",
    "checksum VARCHAR(64) NOT NULL",
    "finished_at TIMESTAMPTZ",
    "migration_name VARCHAR(255) NOT NULL",
    "logs TEXT",
    "rolled_back_at TIMESTAMPTZ",
    "started_at TIMESTAMPTZ NOT NULL DEFAULT now()",
    "applied_steps_count INTEGER NOT NULL DEFAULT 0",
)


def create_ledger(name: str) -> str:
    """The statement that makes the table as Prisma does; ``name`` is quoted for SQL."""
    return f"CREATE TABLE {name} ({', '.join(_COLUMNS)})"


def ledger_time(now: datetime) -> datetime:
    """A moment as Prisma has it in the table: UTC, in whole milliseconds."""
    utc = now.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One attempt at one migration: applied when ``finished`` and not ``rolled_back``; ``logs`` say what failed."""

    row_id: str
    checksum: str
    name: str
    started: datetime
    finished: datetime | None = None
    rolled_back: datetime | None = None
    steps: int = 0
    logs: str | None = None

    @property
    def is_applied(self) -> bool:
        """Whether the migration is in force by this row."""
        return self.finished is not None and self.rolled_back is None

    @property
    def is_failed(self) -> bool:
        """Whether it was begun and never finished, and nobody has said what became of it: it blocks every other."""
        return self.finished is None and self.rolled_back is None


@dataclass(frozen=True, kw_only=True)
class LedgerState:
    """What the folder and the ledger say together; each name once, in the ledger's order, pending ones in the folder's.

    ``exists`` is whether there is a ledger at all. ``failed`` were begun and never finished, and are not pending until
    they are rolled back. Of the ``applied`` ones ``edited`` were changed since, and ``unknown`` are not in the folder;
    of the ``pending`` ones ``out_of_order`` are older than one that is applied.
    """

    exists: bool
    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()

    @property
    def needs_baseline(self) -> bool:
        """Whether nothing was ever applied by migrations: the first pending one is then marked, not executed."""
        return not (self.applied or self.failed or self.unknown)
