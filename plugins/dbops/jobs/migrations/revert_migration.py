"""revert_migration: after a failure, take back what this run has applied, and prove that the schema is what it was."""

from __future__ import annotations

from dbops.domain.migrations.outcome import outcome
from dbops.domain.migrations.record import MigrationState, StepState
from dbops.domain.schema.drift import whole_drift
from dbops.domain.schema.fingerprint import schema_fingerprint
from dbops.domain.schema.object_differences import first_told
from dbops.errors import DbopsError, MigrationFailed
from dbops.gateways.server.grants import Grants, grants_fingerprint, read_grants
from dbops.gateways.store.audit import write_run_audit
from dbops.jobs.migrations.migrating import Migrating

_SHOWN = 5


def revert_migration(work: Migrating, failure: str) -> MigrationFailed:
    """Take back in reverse order what can be, and keep and return the error that says what became of everything.

    What stands before one that cannot be taken back stays too. Each is taken back once, however often this is begun.
    """
    work.save(work.record.at(MigrationState.REVERTING, failure=failure))
    whole = _take_back(work)
    is_equal, proof = _proof(work) if whole else (False, "")
    what, remedy = outcome(work.record, failure, proof, work.restore_form, is_equal=is_equal)
    state = MigrationState.REVERTED if is_equal else MigrationState.FAILED
    audit_migration(work, "migration-failed")
    work.close(state, failure=what, remedy=remedy)
    return MigrationFailed(what, remedy)


def audit_migration(work: Migrating, action: str) -> None:
    """Write down what has become of this run's migration, once; before its state, which says that all is written."""
    record = work.record
    facts = {
        "run": record.run,
        "requested_by": record.requested_by,
        "approved_by": record.approved_by,
        "digest": record.digest,
        "backup_id": record.backup_id,
        "database": record.database,
        "migrations": {step.name: step.state for step in record.steps},
    }
    write_run_audit(work.bucket, work.target, work.clock(), action, facts, since=record.planned)


def _take_back(work: Migrating) -> bool:
    """Whether all is taken back."""
    for step in reversed(work.record.steps):
        if step.marked or step.state not in {StepState.APPLIED, StepState.REVERTING}:
            continue
        if not step.reversible or work.migrations[step.name].down is None:
            return False
        try:
            work.take_back(step)
        except MigrationFailed as error:
            left = f". {error.left.rstrip('.')}" if error.left else ""
            work.step(step, StepState.APPLIED, said=f"its down.sql did not run: {error.said}{left}")
            return False
    return True


def _changed_grants(work: Migrating, now: Grants) -> str:
    before = work.grants
    if before is None:
        return ""
    changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    told = "; ".join(f"{name} had {before.get(name, 'none')}, now {now.get(name, 'none')}" for name in changed[:_SHOWN])
    return f": {told}"


def _proof(work: Migrating) -> tuple[bool, str]:
    """Whether the live schema is what it was before, and the sentence that says so."""
    try:
        now = work.schema()
        grants = read_grants(work.address)
    except DbopsError as error:
        return False, f"It is not known whether the schema is as it was before, because it cannot be read: {error.what}"
    if schema_fingerprint(now) == work.record.fingerprint:
        same = "The schema was compared object by object, and is as it was before"
        if grants_fingerprint(grants) == work.record.grants:
            return True, f"{same}. So are its owners and grants."
        return False, f"{same}, but its grants and owners are NOT{_changed_grants(work, grants)}: grant them again."
    found = whole_drift(work.before, now) if work.before is not None else ()
    told = first_told(found, _SHOWN)
    return False, f"The schema is NOT as it was before{f': {told}' if told else ''}."
