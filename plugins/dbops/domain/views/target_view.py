"""TargetView: everything that is shown of one target, a value for each part of its page.

A part that cannot be shown is a sentence why, and one that may not be seen is None; neither hides the others.
``unreadable`` has a sentence on each object of a part that is there and cannot be read: what is shown lacks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dbops.domain.approvals.audit_entry import AuditEntry
from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Verification
from dbops.domain.checks.run import CheckRun
from dbops.domain.checks.suite import CheckResult
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.probes.standing import Standing
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedBackup, IndexedChecks, IndexedLeftover
from dbops.domain.views.overview import OverviewRow
from dbops.domain.watch.dag_state import DagState
from dbops.domain.words.start_id import StartId


class Part(StrEnum):
    """The parts of a target's page."""

    BACKUPS = "backups"
    CHECKS = "checks"
    PROBES = "probes"
    MIGRATIONS = "migrations"
    RESTORES = "restores"
    AUDIT = "audit"


@dataclass(frozen=True, kw_only=True)
class BackupRow:
    """``reasons`` say why retention keeps it, or why the next expire deletes it where ``is_kept`` is false.

    ``expires`` is the day on which retention is expected to let it go if backups keep coming as scheduled, None where
    that cannot be told; ``expires_why`` is about that day in words, and never empty.
    """

    backup: IndexedBackup
    is_kept: bool
    reasons: tuple[str, ...]
    expires: datetime | None
    expires_why: str


@dataclass(frozen=True, kw_only=True)
class BackupsPart:
    """The backups, newest first, and what is running or was never finished, as the index has it of ``as_of``."""

    rows: tuple[BackupRow, ...]
    leftovers: tuple[IndexedLeftover, ...]
    unreadable: tuple[str, ...]
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class ChecksPart:
    """The ``newest`` run, its bad rules by what came of them, and the last ``nights``, newest first.

    ``failed`` and ``unknown`` are rules that are errors, ``warnings`` all bad ones that are none.
    """

    newest: CheckRun
    failed: tuple[CheckResult, ...]
    unknown: tuple[CheckResult, ...]
    warnings: tuple[CheckResult, ...]
    passed: int
    nights: tuple[IndexedChecks, ...]
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProbeRow:
    """One probe of the newest run, and its p95 in milliseconds in the last runs, oldest first, this one the last.

    A run in which it was not measured, or never succeeded, has None in ``trend``.
    """

    result: ProbeResult
    standing: Standing
    trend: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class ProbesPart:
    """The ``newest`` run and its probes, the most urgent first.

    ``reports`` are the runs whose page is still kept, newest first.
    """

    newest: ProbeRun
    rows: tuple[ProbeRow, ...]
    reports: tuple[StartId, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MigrationsPart:
    """What the nightly checks have seen of the ledger and the folder ``as_of`` then, and what our runs have done.

    ``applied`` and ``failed`` are in the ledger's order, ``pending`` in that of the folder; each of ``applied`` comes
    with when it was finished. ``as_of`` is None where no check has seen any of both, and ``unknown`` says why the
    ledger could not be read, else it is empty. Then all three are empty. ``records`` are newest first.
    """

    as_of: datetime | None
    applied: tuple[tuple[str, datetime], ...]
    pending: tuple[str, ...]
    failed: tuple[str, ...]
    records: tuple[MigrationRecord, ...]
    unknown: str = ""
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RestoresPart:
    """The restores of this target, newest first."""

    records: tuple[RestoreRecord, ...]
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AuditPart:
    """The newest entries of the audit trail, newest first; ``older`` is how many more there are in the bucket."""

    entries: tuple[AuditEntry, ...]
    older: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TargetView:
    """``row`` is the overview's. Each part is a value, a sentence why it is missing, or None if it may not be seen."""

    row: OverviewRow
    seen: datetime
    backups: BackupsPart | str | None = None
    checks: ChecksPart | str | None = None
    probes: ProbesPart | str | None = None
    migrations: MigrationsPart | str | None = None
    restores: RestoresPart | str | None = None
    audit: AuditPart | str | None = None

    @property
    def target(self) -> Target:
        """Whose page it is."""
        return self.row.target

    @property
    def dags(self) -> Mapping[str, DagState]:
        """Its DAGs by job, see ``dag_state.JOBS``."""
        return self.row.dags


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """One run of the checks, as if it were the newest; a sentence where it is there and cannot be read."""

    target: Target
    check_id: StartId
    seen: datetime
    checks: ChecksPart | str


@dataclass(frozen=True, kw_only=True)
class BackupView:
    """One backup. Where an object cannot be read, a sentence why stands in its place.

    ``verification`` and ``hold`` are None where there is none. ``tables`` of the manifest are in its own order.
    """

    target: Target
    backup_id: BackupId
    seen: datetime
    manifest: BackupManifest | str
    verification: Verification | str | None = None
    hold: Hold | str | None = None
