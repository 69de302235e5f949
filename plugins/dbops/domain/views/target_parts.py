"""Target parts: what is made of a target's records for its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from dbops.domain.backups.expected_expiry import expected_expiry
from dbops.domain.backups.retention import plan_retention, verdicts_of
from dbops.domain.checks.run import CheckRun
from dbops.domain.checks.suite import Outcome, worst_first
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.probes.run import ProbeRun
from dbops.domain.probes.standing import most_urgent_first, standing_of
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedChecks, TargetIndex
from dbops.domain.views.target_view import (
    BackupRow,
    BackupsPart,
    ChecksPart,
    MigrationsPart,
    ProbeRow,
    ProbesPart,
)


def backups_part(target: Target, index: TargetIndex, now: datetime) -> BackupsPart:
    """Of the index: what retention would say of its backups at ``now``, and what it is expected to say later."""
    given = [backup.backup_id for backup in index.backups], index.holds, target.retention, now, target.zone
    verdicts = verdicts_of(index.backups)
    plan = plan_retention(*given, **verdicts)
    expected = expected_expiry(*given, schedule=target.schedule.backup, **verdicts)
    return BackupsPart(
        rows=tuple(
            BackupRow(
                backup=backup,
                is_kept=backup.backup_id in plan.keep,
                reasons=plan.keep.get(backup.backup_id) or plan.expire[backup.backup_id],
                expires=expected[backup.backup_id].at,
                expires_why=expected[backup.backup_id].why,
            )
            for backup in sorted(index.backups, key=lambda one: one.backup_id, reverse=True)
        ),
        leftovers=index.leftovers,
        unreadable=index.unreadable,
        as_of=index.written,
    )


def checks_part(runs: Sequence[CheckRun], unreadable: Sequence[str] = ()) -> ChecksPart:
    """Of the last runs, newest first; there is at least one."""
    newest = runs[0]
    bad = worst_first(result for result in newest.results if result.is_bad)
    red = [result for result in bad if result.is_red]
    return ChecksPart(
        newest=newest,
        failed=tuple(result for result in red if result.outcome is Outcome.FAILED),
        unknown=tuple(result for result in red if result.outcome is Outcome.NOT_EVALUATED),
        warnings=tuple(result for result in bad if not result.is_red),
        passed=len(newest.results) - len(bad),
        nights=tuple(IndexedChecks.of(run) for run in runs),
        unreadable=tuple(unreadable),
    )


def probes_part(runs: Sequence[ProbeRun], unreadable: Sequence[str] = (), *, pages: int = 0) -> ProbesPart:
    """Of the last runs, newest first; there is at least one. Of so many ``pages`` the bucket has the last ones."""
    newest = runs[0]
    return ProbesPart(
        newest=newest,
        rows=tuple(
            ProbeRow(
                result=result,
                standing=standing_of(result),
                trend=tuple(_p95(run, result.probe) for run in reversed(runs)),
            )
            for result in most_urgent_first(newest.results)
        ),
        reports=tuple(run.probe_id for run in runs if run.page)[:pages],
        unreadable=tuple(unreadable),
    )


def _p95(run: ProbeRun, probe: str) -> float | None:
    result = run.of(probe)
    return result.latency.p95 if result is not None and result.latency is not None else None


def migrations_part(
    check: CheckRun | None, records: Iterable[MigrationRecord], unreadable: Sequence[str] = ()
) -> MigrationsPart:
    """What the newest check has seen, None where there is none, and the records in any order."""
    seen = check.migrations if check is not None else None
    told = seen or SeenMigrations()
    return MigrationsPart(
        as_of=check.started if check is not None and seen is not None else None,
        applied=told.applied,
        pending=told.pending,
        failed=told.failed,
        unknown=told.unknown,
        records=tuple(sorted(records, key=lambda record: record.planned, reverse=True)),
        unreadable=tuple(unreadable),
    )
