"""Made-up plans of migrations for unit tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dbops.domain.ledger.table import LedgerRow, LedgerState
from dbops.domain.migrations.facts import MigrationFacts
from dbops.domain.migrations.plan import ChecklistItem, MigrationPlan
from dbops.domain.migrations.planned import LintFinding, PlannedMigration, TakenLock
from dbops.domain.options.migrations import MigrationOptions
from tests.unit.samples import NOW

INIT = PlannedMigration(name="0_init", checksum="0" * 64, sql='CREATE TABLE "Order" (id int);\n', marked=True)
LOCK = TakenLock(
    line=2,
    statement='ALTER TABLE "Order" ADD note text',
    table=("public", "Order"),
    mode="AccessExclusiveLock",
    bytes=3 * 1024**3,
    rows=40_000,
)
REMARK = LintFinding(rule="prefer-text-field", line=2, sentence="It may grow.", remedy="Use text.")
NOTE = PlannedMigration(
    name="1_note",
    checksum="1" * 64,
    sql='-- a note\nALTER TABLE "Order" ADD note text;\n',
    down='ALTER TABLE "Order" DROP note;\n',
    reversible=True,
    lint=(REMARK,),
    locks=(LOCK,),
)
BUILD = PlannedMigration(
    name="2_index",
    checksum="2" * 64,
    sql='CREATE INDEX CONCURRENTLY order_note ON "Order" (note);',
    concurrently=True,
    why_not="it has no down.sql",
)


def row(name: str, checksum: str = "0" * 64, *, row_id: str = "", **fields: Any) -> LedgerRow:
    """One of an applied migration, unless told otherwise."""
    given = {"finished": NOW - timedelta(hours=1), **fields}
    return LedgerRow(
        row_id=row_id or f"id-{name}", checksum=checksum, name=name, started=NOW - timedelta(hours=2), **given
    )


def item(name: str = "disk", status: Any = "ok", sentence: str = "It is so.", remedy: str = "") -> ChecklistItem:
    return ChecklistItem(name=name, status=status, sentence=sentence, remedy=remedy)


def facts(**changed: Any) -> MigrationFacts:
    """A primary on which our role may do everything."""
    known: dict[str, Any] = {
        "database": "shop",
        "oid": 111,
        "server_version": "17.10",
        "role": "dba",
        "may_create": frozenset({"public"}),
    }
    return MigrationFacts(**{**known, **changed})


def plan(**changed: Any) -> MigrationPlan:
    """A baseline to be marked and two migrations to be applied."""
    known: dict[str, Any] = {
        "target": "shop",
        "database": "shop",
        "oid": 111,
        "server_version": "17.10",
        "run": "manual__1",
        "requested_by": "eve",
        "planned": NOW,
        "ledger": LedgerState(exists=False, pending=("0_init", "1_note", "2_index")),
        "rows": None,
        "ledger_table": ("public", "_prisma_migrations"),
        "folder": (("0_init", "0" * 64), ("1_note", "1" * 64), ("2_index", "2" * 64)),
        "fingerprint": "f" * 64,
        "options": MigrationOptions(),
        "proof": (),
        "migrations": (INIT, NOTE, BUILD),
        "checklist": (item(),),
    }
    return MigrationPlan(**{**known, **changed})
