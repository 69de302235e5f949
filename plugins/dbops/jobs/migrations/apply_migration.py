"""apply_migration: carry out what was approved, one migration after the other, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dbops.domain.approvals.approval import short_digest
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.migrations.record import MigrationRecord, MigrationState, StepState
from dbops.domain.schema.fingerprint import schema_fingerprint
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.quantities import listed
from dbops.errors import ApprovalMissing, BucketError, DatabaseError, MigrationFailed, PlanChanged, PreflightFailed
from dbops.gateways.files.migration_files import read_migrations
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.server.grants import grants_fingerprint, read_grants
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import read_migration
from dbops.jobs.approvals.require_approval import Consent, consent_on_record
from dbops.jobs.migrations.migrating import Migrating
from dbops.jobs.migrations.plan_migration import plan_migration, require_no_blockers
from dbops.jobs.migrations.revert_migration import audit_migration, revert_migration
from dbops.jobs.migrations.settle_migration import require_same, settle_migration

_WHEN_IT_ANSWERS = (
    "When the store answers, clear this task: it finds out how far it is, goes on there, applies nothing twice, and "
    "writes what is missing. From a shell nobody can go on with it: what is not in force takes another call."
)


def apply_migration(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    *,
    include: Path,
    run: str,
    clock: Callable[[], datetime],
    consent: Consent | None = None,
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
    restore_form: str = "",
    on_progress: Callable[[MigrationProgress], None] = lambda _: None,
) -> MigrationRecord:
    """Do what that run has planned and somebody has approved, and return its record; nothing where it is done.

    Demands the ``consent`` to this very plan, by default the one on record, and a backup that was noted for this run.
    ``scratch`` is as of ``scratch_for``, ``restore_form`` a link for whoever needs the backup.
    An attempt that was interrupted is gone on with: what it has left is found out first.

    Raises InvalidRequest where the run has planned nothing; MigrationFailed where a migration failed, which says what
    was taken back and what stays; PlanChanged, PreflightFailed and ApprovalMissing, before anything further was
    changed; DatabaseError and BucketError, after which it is started again: the latter says what is in force.
    """
    address.require_direct(target.migrating_connection)
    with LedgerSession(address) as ledger:
        record = read_migration(bucket, target, run)  # under the lock: another attempt may just have written it
        if record.is_over:
            return _over(record)
        if not record.is_begun:
            plan = plan_migration(
                target,
                address,
                bucket,
                include=include,
                run=run,
                by=record.requested_by,
                clock=clock,
                programs=programs,
                scratch=scratch,
            )
            _require_as_planned(target, record, plan)
            sources = plan.sources  # what was planned, whatever has become of the files since
        else:
            sources = read_migrations(include, target.name)
        migrations = {migration.name: migration for migration in sources}
        work = Migrating(
            target, address, bucket, ledger, migrations, clock, on_progress, record, programs, restore_form
        )
        if not record.is_begun:
            _begin(work, consent)
        elif record.state is MigrationState.REVERTING:
            require_same(work)
            work.runner.wait_for_earlier()
            with _saying_what_is_in_force(work):
                raise revert_migration(work, record.failure)
        else:
            settle_migration(work, scratch)
            _require_recent_consent(work)
        with _saying_what_is_in_force(work):
            try:
                _carry_out(work)
            except MigrationFailed as error:
                failure = error.what
            else:
                return _done(work)
            raise revert_migration(work, failure)


def _require_as_planned(target: Target, record: MigrationRecord, plan: MigrationPlan) -> None:
    """Raise PlanChanged where the plan of now is not that of the record, PreflightFailed where it is blocked."""
    if plan.digest != record.digest:
        then, now = short_digest(record.digest), short_digest(plan.digest)
        raise PlanChanged(
            f"What the migration of {target.name} would do now is not what its plan says: the database, its ledger or "
            f"the files have changed since ({then} was planned, now it is {now}).",
            "Nothing was changed. Start a new run, and look at its plan.",
        )
    require_no_blockers(plan)


def _begin(work: Migrating, consent: Consent | None) -> None:
    """Keep how everything is before anything is done, and use up the consent."""
    record, target = work.record, work.target
    if record.steps and record.backup_id is None:
        raise PreflightFailed(
            f"The run {record.run} has made no backup of {target.name}.", "Nothing was changed. Back it up first."
        )
    work.before = work.schema()
    if schema_fingerprint(work.before) != record.fingerprint:
        raise PlanChanged(
            f"The schema of {target.name} has changed at this very moment.",
            "Nothing was changed by us. Start a new run.",
        )
    work.grants = read_grants(work.address)
    if record.steps:
        # It is on record before it begins: an attempt that was killed before that has changed nothing.
        asked = consent or consent_on_record(work.bucket, target, run=record.run, clock=work.clock, nothing_done=True)
        approved_by = asked("migrate", record.digest)
        # On record before it is acted upon: the next attempt does not see it again.
        grants = grants_fingerprint(work.grants)
        work.save(record.at(MigrationState.APPLYING, approved_by=approved_by, consented=work.clock(), grants=grants))


def _require_recent_consent(work: Migrating) -> None:
    """What is left may only be done as long as the approval would still count."""
    record, valid_for = work.record, work.target.approvals.valid_for
    left = record.names(StepState.PENDING)
    if record.approved_by is None and "migrate" not in work.target.approvals.approve:
        return  # nobody had to say yes
    if left and (record.consented is None or work.clock() - record.consented >= valid_for):
        failure = f"The run was interrupted, and its approval has expired since: {', '.join(left)} is not applied."
        work.close(MigrationState.FAILED, failure=failure, remedy="Start a new run for what is left.")
        raise ApprovalMissing(failure, "The ledger says what is applied. Start a new run for what is left.")


def _carry_out(work: Migrating) -> None:
    if not work.record.steps:
        return
    work.ledger.create()
    for step in work.record.steps:
        if step.state is StepState.PENDING:
            work.ledger.require_lock()
            work.apply(step)


def _done(work: Migrating) -> MigrationRecord:
    if work.record.steps:
        audit_migration(work, "migrate")
    return work.close(MigrationState.DONE)


@contextmanager
def _saying_what_is_in_force(work: Migrating) -> Iterator[None]:
    """What the database has done stays done where the store goes away: whoever reads the error is told of it."""
    try:
        yield
    except BucketError as error:
        error.say_first(
            f"The migration of {work.target.name} has begun{_by_the_ledger(work)}. Only the record of it is not "
            "complete",
            _WHEN_IT_ANSWERS,
        )
        raise


def _by_the_ledger(work: Migrating) -> str:
    try:
        applied = {row.name for row in work.ledger.rows() or () if row.is_applied}
    except DatabaseError:
        return ", and the ledger says how far it is"
    names = [step.name for step in work.record.steps]
    in_force = listed([name for name in names if name in applied]) or "nothing of it"
    left = listed([name for name in names if name not in applied])
    return f". In force, by the ledger: {in_force}{f'; not in force: {left}' if left else ''}"


def _over(record: MigrationRecord) -> MigrationRecord:
    if record.state is MigrationState.DONE:
        return record
    raise PlanChanged(
        f"The run {record.run} has ended, and does nothing more. {record.failure}",
        record.remedy or "Start a new run.",
    )
