"""PlannedMigration: one migration of a plan, with what the linter says of it and which locks it was seen to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbops.domain.sql.object_names import TableName, written

_AGAINST_WRITES = {"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock"}


@dataclass(frozen=True, kw_only=True)
class LintFinding:
    """One remark of the linter: its ``rule``, the ``line`` of migration.sql, what it is about and what to do."""

    rule: str
    line: int
    sentence: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "warning"


@dataclass(frozen=True, kw_only=True)
class TakenLock:
    """A lock that a statement takes on a table that was there before: ``mode`` as pg_locks has it, ``bytes`` live.

    ``rewrites`` is whether the statement writes the whole table anew.
    """

    line: int
    statement: str
    table: TableName
    mode: str
    bytes: int = 0
    rows: int = 0
    rewrites: bool = False

    @property
    def subject(self) -> str:
        """The table as people write it."""
        return written(*self.table)

    @property
    def blocks(self) -> Literal["reads and writes", "writes", "neither"]:
        """What of the application waits while it is held."""
        if self.mode == "AccessExclusiveLock":
            return "reads and writes"
        return "writes" if self.mode in _AGAINST_WRITES else "neither"


@dataclass(frozen=True, kw_only=True)
class PlannedMigration:
    """One migration of the plan: the baseline is only ``marked``, every other is executed.

    ``reversible`` is whether its down.sql was tried on the scratch database and led back to where it began;
    ``why_not`` says why not, in a sentence. ``lint`` is of migration.sql; ``down_lint`` what would be an error there
    and is in down.sql, mostly that it loses rows.
    """

    name: str
    checksum: str
    sql: str
    marked: bool = False
    concurrently: bool = False
    down: str | None = None
    reversible: bool = False
    why_not: str = ""
    lint: tuple[LintFinding, ...] = ()
    down_lint: tuple[LintFinding, ...] = ()
    locks: tuple[TakenLock, ...] = ()
