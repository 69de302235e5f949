"""The tasks of a backup and of a drill. ``__init__`` stores, ``execute`` adapts, the job works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbops.domain.backups.backup import read_backup_id
from dbops.domain.target import Target
from dbops.domain.words.readable import readable
from dbops.gateways.clock import utc_now
from dbops_airflow import alerts, connections, metrics
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.progress_log import ProgressLog
from dbops_airflow.recovery import mail_green_again
from dbops_airflow.stoppable import StoppableOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class BackUpOperator(StoppableOperator):
    """Back up one target; the task's XCom is the backup's id."""

    def __init__(self, *, target: Target, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def execute(self, context: Context) -> str:
        """Run the job; oddities about a finished backup are mailed and leave the task green."""
        from dbops.jobs.backups.back_up import back_up

        with told_to_airflow(), self.stoppable():
            report = back_up(
                self.target,
                connections.database_address(self.target.connection),
                connections.open_bucket(self.target),
                run=context["run_id"],
                clock=utc_now,
                on_progress=ProgressLog(),
            )
        self.log.info(readable(report.markdown()))
        if report.warnings:
            alerts.mail_backup_warnings(report, self.target, context)
        metrics.emit_target(self.target)
        return str(report.backup_id)


class ExpireOperator(StoppableOperator):
    """Delete what a target's retention policy lets go; unless the run's ``dry_run`` is exactly False, only say what.

    ``after`` is the task that has made the new backup: where this one ends well, so does the run.
    """

    def __init__(self, *, target: Target, after: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target, self.after = target, after

    def execute(self, context: Context) -> None:
        """Run the job; the plan with its reasons is in the log."""
        from dbops.jobs.backups.expire import expire

        dry_run = context["params"]["dry_run"] is not False
        with told_to_airflow(), self.stoppable():
            bucket = connections.open_bucket(self.target.expiring)
            report = expire(self.target, bucket, clock=utc_now, dry_run=dry_run, run=context["run_id"])
        self.log.info(report.summary())
        metrics.emit_target(self.target)
        backup_id = context["ti"].xcom_pull(task_ids=self.after)
        mail_green_again("backup", self.target, f"The backup {backup_id} of {self.target.name} is done.", context)


class DrillOperator(StoppableOperator):
    """Restore a backup of one target for the proof, where one is due; red where the backup is not what it says.

    The run's ``force`` and ``backup`` ask for one that is not.
    """

    def __init__(self, *, target: Target, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def execute(self, context: Context) -> str | None:
        """Run the job; the XCom is the id of the backup that was proven."""
        from dbops.jobs.backups.drill import drill

        asked = context["params"]
        with told_to_airflow(), self.stoppable():
            report = drill(
                self.target,
                connections.open_bucket(self.target),
                run=context["run_id"],
                clock=utc_now,
                scratch=connections.scratch_address(self.target),
                identities=lambda: connections.identities(self.target),
                force=asked["force"] is True,
                backup_id=read_backup_id(asked["backup"]) if asked["backup"] else None,
                on_progress=lambda progress: self.log.info(progress.sentence()),
            )
            self.log.info(readable(report.markdown()))
            metrics.emit_target(self.target)
            report.require_proof()
        if report.verification is None:
            return None
        proven = str(report.verification.backup_id)
        mail_green_again("drill", self.target, f"The backup {proven} of {self.target.name} is proven.", context)
        return proven
