"""Migration operators: a task for each step; what they know of each other lies in the bucket, not in XComs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator

from dbops.domain.words.readable import readable
from dbops.errors import MigrationFailed
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import alerts, connections, metrics
from dbops_airflow.approval import plan_for_approval
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.links import base_url
from dbops_airflow.migration_mails import mail_migrated
from dbops_airflow.progress_log import ProgressLog
from dbops_airflow.stoppable import StoppableOperator
from dbops_airflow.targets import chosen_target

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import Context

    from dbops.domain.servers.address import DatabaseAddress
    from dbops.domain.target import Target
    from dbops.gateways.files.target_files import TargetFiles
    from dbops.gateways.store.bucket import Bucket


@dataclass(frozen=True)
class _Asked:
    """What a step works on, by the run's trigger form, which nobody can change once the run exists."""

    target: Target
    address: DatabaseAddress
    bucket: Bucket
    run: str
    include: Path
    files: TargetFiles

    @classmethod
    def by(cls, context: Context) -> _Asked:
        """Read the target's file as it is now, and look its connections up; raises DbopsError."""
        include = include_folder()
        files = read_targets(include)
        target = chosen_target(context, files)
        address, bucket = connections.database_address(target.migrating_connection), connections.open_bucket(target)
        return cls(target, address, bucket, context["run_id"], include, files)

    @property
    def scratch(self) -> DatabaseAddress | None:
        """The server on which migrations are tried; None: a throw-away one of this worker."""
        return connections.scratch_address(self.target)

    def other(self, name: str) -> DatabaseAddress:
        """The database of another target."""
        return connections.database_address(self.files.target(name).connection)


class PlanMigrationOperator(StoppableOperator):
    """Find out what the migration would do; red where something stands in its way. The XCom is the plan."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan, and keep the plan where people are shown it from."""
        from dbops.gateways.store.migration_records import keep_planned
        from dbops.jobs.migrations.plan_migration import plan_migration, require_no_blockers

        with told_to_airflow(), self.stoppable():
            asked = _Asked.by(context)
            by = context["dag_run"].triggering_user_name or None
            plan = plan_migration(
                asked.target,
                asked.address,
                asked.bucket,
                include=asked.include,
                run=asked.run,
                by=by,
                clock=utc_now,
                scratch=asked.scratch,
                address_of_target=asked.other,
            )
            shown = plan.markdown()
            self.log.info(readable(shown))
            require_no_blockers(plan)
            keep_planned(asked.bucket, asked.target, plan)
            return plan_for_approval(
                asked.bucket,
                asked.target,
                run=asked.run,
                action="migrate",
                digest=plan.digest,
                markdown=shown,
                stake=plan.stake,
            )


class MigrateOrReport(BaseBranchOperator):
    """Go on with the migration where the plan has one, else to the report."""

    def __init__(self, *, migrate: str, report: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.migrate, self.report = migrate, report

    def choose_branch(self, context: Context) -> str:
        """The id of the task that follows."""
        from dbops.gateways.store.migration_records import read_migration

        with told_to_airflow():
            asked = _Asked.by(context)
            return self.migrate if read_migration(asked.bucket, asked.target, asked.run).steps else self.report


class BackUpBeforeMigrationOperator(StoppableOperator):
    """Make the backup that whoever regrets the migration goes back to; the XCom is its id."""

    def execute(self, context: Context) -> str | None:
        """Run the job, unless that run's migration has begun: what is backed up then is no longer what was before."""
        from dbops.gateways.store.migration_records import note_backup, read_migration
        from dbops.jobs.backups.back_up import back_up

        with told_to_airflow(), self.stoppable():
            asked = _Asked.by(context)
            record = read_migration(asked.bucket, asked.target, asked.run)
            if record.is_begun:
                return record.backup_id
            report = back_up(
                asked.target.migrating,
                asked.address,
                asked.bucket,
                run=asked.run,
                clock=utc_now,
                on_progress=ProgressLog(),
            )
            note_backup(asked.bucket, asked.target, run=asked.run, backup_id=str(report.backup_id))
        self.log.info(readable(report.markdown()))
        metrics.emit_target(asked.target)
        if report.warnings:
            alerts.mail_backup_warnings(report, asked.target, context)
        return str(report.backup_id)


class ApplyMigrationOperator(StoppableOperator):
    """Time what is touched, and apply the plan, if somebody has said yes to this very one; gone on with by a retry."""

    def execute(self, context: Context) -> list[str]:
        """Run the job, with its progress in the log; the XCom are the migrations that were applied."""
        from dbops.jobs.migrations.apply_migration import apply_migration
        from dbops.jobs.migrations.touched_probes import measure_before

        with told_to_airflow(), self.stoppable():
            asked = _Asked.by(context)
            known = measure_before(asked.target, asked.address, asked.bucket, include=asked.include, run=asked.run)
            record = apply_migration(
                asked.target,
                asked.address,
                asked.bucket,
                include=asked.include,
                run=asked.run,
                clock=utc_now,
                scratch=asked.scratch,
                restore_form=_restore_form(asked.target.name, known.backup_id),
                on_progress=lambda progress: self.log.info(progress.sentence()),
            )
        return [step.name for step in record.steps]


class PostCheckMigrationOperator(StoppableOperator):
    """Prove that the database is what its migrations make, and time what was touched again; red where it is not."""

    def execute(self, context: Context) -> None:
        """Run the job; what it finds is in the log, and in the report where there is one."""
        from dbops.jobs.migrations.post_check_migration import post_check_migration
        from dbops.jobs.migrations.report_migration import report_migration

        with told_to_airflow(), self.stoppable():
            asked = _Asked.by(context)
            record = post_check_migration(
                asked.target,
                asked.address,
                asked.bucket,
                include=asked.include,
                run=asked.run,
                clock=utc_now,
                scratch=asked.scratch,
            )
            report = report_migration(asked.target, asked.bucket, run=asked.run, clock=utc_now)
            if record.checked and record.checked.faults:
                self.log.error(readable(report.markdown()))
                raise MigrationFailed(f"{report.headline()} {' '.join(record.checked.faults)}", report.what_is_left())


class ReportMigrationOperator(StoppableOperator):
    """Say in the log and by mail what the migration came to, and what is left to do."""

    def execute(self, context: Context) -> str:
        """Report; the XCom is the sentence that says it in short."""
        from dbops.jobs.migrations.report_migration import report_migration

        with told_to_airflow(), self.stoppable():
            asked = _Asked.by(context)
            report = report_migration(asked.target, asked.bucket, run=asked.run, clock=utc_now)
        self.log.info(readable(report.markdown()))
        mail_migrated(report, asked.target, context)
        return report.headline()


def _restore_form(target: str, backup_id: str | None) -> str:
    """Where a restore is asked for, and what to give it there as its configuration, all in one."""
    filled = json.dumps({"target": target, "mode": "swap", "backup": backup_id})
    return f"{base_url()}/dags/restore with the configuration {filled}"
