"""Made-up indexes, DAG states and check runs for the page's unit tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dbops.domain.backups.backup import BackupId
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.target_index.target_index import (
    IndexedBackup,
    IndexedChecks,
    IndexedProbes,
    IndexedProof,
    TargetIndex,
)
from dbops.domain.views.overview import Overview
from dbops.domain.views.target_view import (
    AuditPart,
    BackupsPart,
    ChecksPart,
    MigrationsPart,
    ProbesPart,
    RestoresPart,
    TargetView,
)
from dbops.domain.watch.dag_state import DagState
from dbops.domain.watch.light import Light
from dbops.domain.words.start_id import StartId
from tests.unit.samples import DAY, NOW

HOUR = timedelta(hours=1)


def backup(ago: timedelta = 10 * HOUR, **more: Any) -> IndexedBackup:
    """One that was begun so long ago and took five minutes."""
    started = NOW - ago
    settings: dict[str, Any] = {
        "finished": started + timedelta(minutes=5),
        "rows": 500,
        "tables": 1,
        "stored_bytes": 1000,
        "database_bytes": 10_000,
        **more,
    }
    return IndexedBackup(backup_id=BackupId.at(started), **settings)


def proof(ago: timedelta = DAY, *, ok: bool = True, **more: Any) -> IndexedProof:
    """The verdict of a drill that ended so long ago."""
    settings: dict[str, Any] = {"kind": "drill", "recovery_seconds": 3.0, **more}
    return IndexedProof(backup_id=BackupId.at(NOW - ago - HOUR), ok=ok, finished=NOW - ago, **settings)


def checks(ago: timedelta = 8 * HOUR, **more: Any) -> IndexedChecks:
    """Of 52 rules, every one of which holds."""
    settings: dict[str, Any] = {
        "finished": NOW - ago,
        "full": False,
        "passed": 52,
        "failed": 0,
        "unknown": 0,
        "warnings": 0,
        "worst": (),
        "docs": "",
        **more,
    }
    return IndexedChecks(check_id=StartId.at(NOW - ago), **settings)


def probes(ago: timedelta = 5 * DAY, **more: Any) -> IndexedProbes:
    """Of 12 operations, all of which are well."""
    settings: dict[str, Any] = {
        "finished": NOW - ago,
        "total": 12,
        "well": 12,
        "p95": 4.0,
        "slowest": "user_by_id",
        "worst": (),
        "page": "",
        **more,
    }
    return IndexedProbes(probe_id=StartId.at(NOW - ago), **settings)


def index(backups: Sequence[IndexedBackup] | None = None, **more: Any) -> TargetIndex:
    """Of a target about which nothing is wrong: backed up, drilled, checked and timed."""
    settings: dict[str, Any] = {
        "target": "shop",
        "written": NOW - timedelta(minutes=20),
        "last_proof": proof(),
        "last_verdict": proof(),
        "checks": checks(),
        "probes": probes(),
        **more,
    }
    proven = backup(DAY + HOUR, verified=True)
    return TargetIndex(backups=tuple((proven, backup()) if backups is None else backups), **settings)


def dag(job: str = "backup", *, of: str = "shop", state: str = "success", **more: Any) -> DagState:
    """One whose last run ended two hours ago."""
    settings: dict[str, Any] = {"is_paused": False, "last_end": NOW - 2 * HOUR, **more}
    return DagState(dag_id=f"{job}__{of}", last_state=state, **settings)


def lights(overview: Overview) -> dict[Light, int]:
    """How many rows have each light that one has."""
    return dict(Counter(row.light for row in overview.rows))


def rule(name: str, outcome: Outcome = Outcome.PASSED, **more: Any) -> CheckResult:
    """What came of one rule of the table of orders."""
    settings: dict[str, Any] = {"group": "data", "subject": "public.Order", "description": name, **more}
    return CheckResult(rule_id=f"public.Order: {name}", outcome=outcome, **settings)


def shown(
    view: TargetView,
) -> tuple[BackupsPart, ChecksPart, ProbesPart, MigrationsPart, RestoresPart, AuditPart]:
    """Its parts, none of which is a sentence instead."""
    assert isinstance(view.backups, BackupsPart)
    assert isinstance(view.checks, ChecksPart)
    assert isinstance(view.probes, ProbesPart)
    assert isinstance(view.migrations, MigrationsPart)
    assert isinstance(view.restores, RestoresPart)
    assert isinstance(view.audit, AuditPart)
    return view.backups, view.checks, view.probes, view.migrations, view.restores, view.audit
