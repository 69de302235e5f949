"""plan_migration: what a migration would do, proven on scratch, and shown before anybody is asked.

The target's database is only read; what is executed, is executed on a scratch database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from dbops.domain.backups.catalog import Catalog
from dbops.domain.fault import Fault
from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.ledger.table import LedgerState
from dbops.domain.migrations.checklist import Conditions, checklist, session_limits
from dbops.domain.migrations.live_objections import live_objections
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.planned import PlannedMigration
from dbops.domain.migrations.rules import Findings, OtherLedger, judge_findings
from dbops.domain.schema.fingerprint import schema_fingerprint
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import BucketError, DbopsError, PreflightFailed
from dbops.gateways.files.migration_files import read_migrations, require_no_faults
from dbops.gateways.migrating.facts import read_migration_facts
from dbops.gateways.migrating.ledger import read_ledger
from dbops.gateways.migrating.ledger_table import ledger_place
from dbops.gateways.processes.squawk import lint, lint_down
from dbops.gateways.scratch.scratch_session import ReplayFailed
from dbops.gateways.scratch.statement_locks import TableSize, read_table_sizes
from dbops.gateways.server.health import read_health
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.jobs.migrations.replay import ScratchRun, Trial, tried
from dbops.jobs.migrations.scratch import Scratch, scratch_for


def plan_migration(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    include: Path,
    run: str,
    by: str | None,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
    address_of_target: Callable[[str], DatabaseAddress] | None = None,
) -> MigrationPlan:
    """Plan that run's migration; what stands in the way is among its ``blockers``. Nothing is kept or changed.

    ``by`` is who asked for it, None where nobody knows. ``scratch`` is as of ``scratch_for``; ``address_of_target``
    finds the database of the target that migrations.compare_with names, by its name.

    Raises a DbopsError where no plan can be made: InvalidRequest where a file of a migration is wrong, or one that
    would be executed sets its own limits.
    """
    migrations = read_migrations(include, target.name)
    ledger_table = ledger_place(address)
    with scratch_for(target, address, clock=clock, programs=programs, scratch=scratch) as place:
        # After the live schema, so that what somebody applies meanwhile is seen as drift, and not applied twice.
        rows = read_ledger(address)
        ledger = judge_ledger(migrations, rows)
        _require_executable(target, migrations, ledger)
        trial = _trial(place, migrations, ledger, read_table_sizes(address))
        fingerprint, notes, major = schema_fingerprint(place.live), place.notes, place.server_major
    marked = _marked(migrations, ledger)
    planned = tuple(
        _planned(one, trial, marked=one.name == marked, server_major=major) for one in _pending(migrations, ledger)
    )
    facts = read_migration_facts(address)
    moment = clock()
    proof, drift = (trial.differences, None) if ledger.needs_baseline else (None, trial.differences)
    findings = Findings(
        target=target.name,
        ledger=ledger,
        baseline=migrations[0].name if migrations else None,
        proof=proof,
        drift=drift,
        refused=trial.refused,
        migrations=planned,
        other=_other(target, address_of_target),
    )
    conditions = Conditions(
        target=target,
        facts=facts,
        ledger_table=ledger_table,
        migrations=planned,
        catalog=_catalog(bucket, target),
        health=read_health(address, session_limits(target.migrations)),
        now=moment,
        scratch_notes=notes,
        pooler_hint=address.pooler_hint,
    )
    return MigrationPlan(
        target=target.name,
        database=facts.database,
        oid=facts.oid,
        server_version=facts.server_version,
        run=run,
        requested_by=by,
        planned=moment,
        ledger=ledger,
        rows=rows,
        ledger_table=ledger_table,
        folder=tuple((migration.name, migration.checksum) for migration in migrations),
        fingerprint=fingerprint,
        options=target.migrations,
        proof=proof,
        drift=drift,
        migrations=planned,
        checklist=(*judge_findings(findings), *checklist(conditions)),
        sources=migrations,
    )


def require_no_blockers(plan: MigrationPlan) -> None:
    """Raise PreflightFailed with everything that stands in the way of the plan."""
    if plan.blockers:
        raise PreflightFailed(
            f"This migration of {plan.target} cannot be done: {' '.join(plan.blockers)}", "Nothing was touched."
        )


def _require_executable(target: Target, migrations: Sequence[Migration], ledger: LedgerState) -> None:
    pending = _pending(migrations, ledger)
    faults = [
        Fault(f"sql/{target.name}/migrations/{one.name}/{name}", line, sentence)
        for one in (pending[1:] if ledger.needs_baseline else pending)
        for name, text in (("migration.sql", one.sql), ("down.sql", one.down or ""))
        for line, sentence in live_objections(text)
    ]
    require_no_faults(target.name, faults)


def _trial(
    place: Scratch,
    migrations: Sequence[Migration],
    ledger: LedgerState,
    sizes: Mapping[tuple[str, str], TableSize],
) -> Trial:
    """What scratch shows. Those that wait behind a failed migration are not tried, nor where an applied one is refused.

    Nothing is compared where there is nothing to compare with: no baseline, or one that failed.
    """
    marked = _marked(migrations, ledger)
    applied = [one for one in migrations if one.name in ledger.applied or one.name == marked]
    if not (applied or ledger.applied):
        return Trial()
    # What comes after a failed one may need what that was to make.
    executed = [one for one in _pending(migrations, ledger) if one.name != marked and not ledger.failed]
    try:
        return tried(place, applied, executed, sizes)
    except ReplayFailed as failure:
        return Trial(refused=str(failure))


def _marked(migrations: Sequence[Migration], ledger: LedgerState) -> str | None:
    """The baseline, where it is still to be marked."""
    pending = _pending(migrations, ledger)
    return pending[0].name if ledger.needs_baseline and pending else None


def _pending(migrations: Sequence[Migration], ledger: LedgerState) -> list[Migration]:
    return [migration for migration in migrations if migration.name in ledger.pending]


def _planned(migration: Migration, trial: Trial, *, marked: bool, server_major: int) -> PlannedMigration:
    shown = trial.runs.get(migration.name, ScratchRun(why_not="it was not tried yet"))
    return PlannedMigration(
        name=migration.name,
        checksum=migration.checksum,
        sql=migration.sql,
        marked=marked,
        concurrently=migration.concurrently,
        down=migration.down,
        reversible=shown.reversible,
        why_not="" if marked else shown.why_not,
        lint=() if marked else lint(migration, server_major=server_major),
        down_lint=() if marked else lint_down(migration, server_major=server_major),
        locks=shown.locks,
    )


def _catalog(bucket: Bucket, target: Target) -> Catalog | str:
    try:
        return read_catalog(bucket, target)
    except BucketError as error:
        return error.what


def _other(target: Target, address_of: Callable[[str], DatabaseAddress] | None) -> OtherLedger | None:
    """The other environment's ledger; that it cannot be read is no reason not to plan."""
    name = target.migrations.compare_with
    if name is None:
        return None
    if address_of is None:
        return OtherLedger(name=name, unread="its location is not given.")
    try:
        return OtherLedger(name=name, rows=read_ledger(address_of(name)))
    except DbopsError as error:
        return OtherLedger(name=name, unread=error.what)
