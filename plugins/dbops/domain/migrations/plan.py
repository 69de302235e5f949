"""MigrationPlan: what a migration would do to a database, proven on a scratch database before anybody is asked.

Its digest is what a human approves. It covers what decides: the database itself, its schema, the ledger, the folder,
the statements in their order. What changes by the minute is shown as a checklist, and asked again before acting.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.table import LedgerRow, LedgerState
from dbops.domain.migrations.migration_stake import migration_stake
from dbops.domain.migrations.planned import PlannedMigration
from dbops.domain.migrations.sections import migration_markdown
from dbops.domain.migrations.steps import migration_steps
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.schema.object_differences import Difference
from dbops.domain.words.stake import Stake


@dataclass(frozen=True, kw_only=True)
class ChecklistItem:
    """One thing to be seen to before a migration. A blocker refuses the approval."""

    name: str
    status: Literal["ok", "warning", "blocker"]
    sentence: str
    remedy: str = ""

    @property
    def told(self) -> str:
        """Both sentences."""
        return f"{self.sentence} {self.remedy}".strip()


@dataclass(frozen=True, kw_only=True)
class MigrationPlan:
    """What would be done to a database: ``migrations`` in their order, under the ``options`` of its target.

    ``rows`` are the ledger's, which lies at ``ledger_table``, None where there is none yet; ``folder`` is each
    migration of the folder with its checksum. ``fingerprint`` is of the live schema. ``proof`` is where the baseline
    does not make what is live, ``drift`` where the applied migrations do not; each is None where it was not compared,
    and empty where both are equal. ``requested_by`` is None where nobody knows. ``sources`` are the files that all of
    this was found out about, to the byte: who carries out this plan executes them, and reads none again.
    """

    target: str
    database: str
    oid: int
    server_version: str
    run: str
    requested_by: str | None
    planned: datetime
    ledger: LedgerState
    rows: tuple[LedgerRow, ...] | None
    ledger_table: tuple[str, str]
    folder: tuple[tuple[str, str], ...]
    fingerprint: str
    options: MigrationOptions
    proof: tuple[Difference, ...] | None = None
    drift: tuple[Difference, ...] | None = None
    migrations: tuple[PlannedMigration, ...] = ()
    checklist: tuple[ChecklistItem, ...] = ()
    sources: tuple[Migration, ...] = ()

    @property
    def blockers(self) -> tuple[str, ...]:
        """Everything that stands in the way, each with what to do."""
        return tuple(item.told for item in self.checklist if item.status == "blocker")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What who approves has to know, each with what to do."""
        return tuple(item.told for item in self.checklist if item.status == "warning")

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.migrations)

    @property
    def touched(self) -> tuple[tuple[str, str], ...]:
        """The tables that are there already and that would be locked for more than reading."""
        return tuple(sorted({lock.table for one in self.migrations for lock in one.locks}))

    @property
    def statements(self) -> tuple[str, ...]:
        """All that would run, in its order."""
        return migration_steps(self.migrations, self.ledger_table, self.options, creates_ledger=self.rows is None)

    @property
    def digest(self) -> str:
        """A sha256 over what decides.

        A ledger's row decides by what it says of a migration; the clocks in it and its logs do not.
        """
        rows = None
        if self.rows is not None:
            rows = [[row.row_id, row.name, row.checksum, row.is_applied, row.is_failed] for row in self.rows]
        decides = {
            "target": self.target,
            "database": [self.database, self.oid],
            "live_schema": self.fingerprint,
            "ledger": [self.ledger_table, rows],
            "folder": self.folder,
            "migrations": [[one.name, one.checksum, one.marked, one.concurrently, one.down] for one in self.migrations],
            "statements": self.statements,
        }
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @property
    def stake(self) -> Stake:
        """What a yes does, in a few facts."""
        return migration_stake(self)

    def markdown(self) -> str:
        """The plan for people: the verdict, the ledger, the proof, each migration, the checklist, what will run."""
        return migration_markdown(self)
