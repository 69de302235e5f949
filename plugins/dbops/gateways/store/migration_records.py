"""Migrations in the bucket: the record of each run's migration, where no user of Airflow can write."""

from __future__ import annotations

from dbops.domain.backups.layout import Layout
from dbops.domain.ledger.migration import checksum_of
from dbops.domain.migrations.plan import MigrationPlan
from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep
from dbops.domain.target import Target
from dbops.errors import PlanChanged
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_records import RunRecords

_MIGRATIONS = RunRecords(
    "migration",
    Layout.migration,
    MigrationRecord.from_json,
    "Look at the ledger in the database, and start a new run.",
)


def put_migration(bucket: Bucket, target: Target, record: MigrationRecord) -> MigrationRecord:
    """Write how far a migration is, and give it back; raises BucketError."""
    return _MIGRATIONS.put(bucket, target, record)


def find_migration(bucket: Bucket, target: Target, run: str) -> MigrationRecord | None:
    """How far that run's migration is; None where it has planned none. Raises InvalidRequest where it is unreadable."""
    return _MIGRATIONS.find(bucket, target, run)


def read_migration(bucket: Bucket, target: Target, run: str) -> MigrationRecord:
    """How far that run's migration is; raises InvalidRequest where it has planned none."""
    return _MIGRATIONS.read(bucket, target, run)


def keep_planned(bucket: Bucket, target: Target, plan: MigrationPlan) -> MigrationRecord:
    """Keep that a run has planned this; raises PlanChanged where it has begun to act by another, and BucketError."""
    known = find_migration(bucket, target, plan.run)
    if known is not None and known.is_begun:
        raise PlanChanged(
            f"The run {plan.run} has begun to migrate {target.name} already.", "Start a new run for another plan."
        )
    record = MigrationRecord(
        target=target.name,
        run=plan.run,
        digest=plan.digest,
        planned=plan.planned,
        requested_by=plan.requested_by,
        database=plan.database,
        oid=plan.oid,
        fingerprint=plan.fingerprint,
        touched=plan.touched,
        steps=tuple(
            MigrationStep(
                name=one.name,
                checksum=one.checksum,
                down_checksum=checksum_of(one.down),
                marked=one.marked,
                reversible=one.reversible,
                said="" if one.reversible else one.why_not,
            )
            for one in plan.migrations
        ),
    )
    return put_migration(bucket, target, record)


def note_backup(bucket: Bucket, target: Target, *, run: str, backup_id: str) -> MigrationRecord:
    """Note the backup that was made right before the migration; raises PlanChanged where that has begun already."""
    record = read_migration(bucket, target, run)
    if record.is_begun:
        raise PlanChanged(f"The run {run} has begun to migrate {target.name} already.", "Look at its report.")
    return put_migration(bucket, target, record.at(MigrationState.BACKED_UP, backup_id=backup_id))
