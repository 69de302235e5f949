"""Operators: ``__init__`` stores, ``execute`` adapts, the job works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowRuntimeError

from dbops.domain.backups.backup import read_backup_id
from dbops.domain.target import Target
from dbops.domain.words.readable import readable
from dbops.errors import MailFailed
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import alerts, connections, metrics
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.mailed import Mailed
from dbops_airflow.problem_mails import mail_problems, mail_recovered
from dbops_airflow.progress_log import ProgressLog
from dbops_airflow.recovery import mail_green_again
from dbops_airflow.stoppable import StoppableOperator
from dbops_airflow.watch_memory import WATCH_MEMORY, recall, recall_known, recall_taken, remember, remember_known

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


class WatchOperator(BaseOperator):
    """Compare what every target promises with what its bucket shows; mail what is not kept, each problem once a day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(inlets=[WATCH_MEMORY], **kwargs)

    def execute(self, context: Context) -> None:
        """Green unless a mail could not be handed over: problems are what a watch is for, not its failure."""
        from dbops.domain.watch.retired import retired_problem
        from dbops.gateways.alerting.heartbeat import ping
        from dbops.gateways.files.retired_files import read_included_names
        from dbops.jobs.target_index.bundle_indexes import bundle_indexes
        from dbops.jobs.watch.told_by_tasks import ToldByTasks
        from dbops.jobs.watch.watch import watch
        from dbops_airflow.watch_notices import Notices

        with told_to_airflow():
            include = include_folder()
            files = read_targets(include)
            names, of_retired = read_included_names(include)
            notices = Notices(include, files.targets, connections.open_bucket, utc_now())
            told = ToldByTasks(files.targets.values(), connections.open_bucket)
            before = recall(context)
            report = watch(
                list(files.targets.values()),
                files.faults,
                connections.open_bucket,
                clock=utc_now,
                memory=before,
                names=names,
                known=recall_known(context),
                paused=self._paused(context["ti"], files.targets.values()),
                ping=ping,
                exists=lambda target, name: connections.restore_place(target).exists(target, name),
                noticed=[*notices.problems, *map(retired_problem, of_retired)],
                told=told.moments,
            )
            self.log.info(readable(report.markdown()))
            taken = recall_taken(context, report.started)
            untold = {key: before[key] for key in report.recovered}  # still to be told, if this watch is killed

            def keep(mailed: Mailed) -> None:
                notices.forget(mailed)  # first: what is remembered and not forgotten would be told again in a day
                remember(context, mailed.sent(report.memory | untold), mailed.awaiting_mail(taken, report.started))
                told.forget()  # last: what is forgotten and not remembered would be told again now

            mailed = mail_problems(report.due, files.targets, context, taken, keep)
            mail_recovered(report, files.targets, context)
            untold.clear()
            keep(mailed)
            remember_known(context, report.known)
            # Last: they ask every bucket once more, and nobody's mail is to wait for that.
            metrics.emit_watch(report, files.targets)
            if mailed.unsent:
                raise MailFailed("Not every alert was mailed, see above.", "The next watch tries again.")
            bundle_indexes(files.targets.values(), connections.open_bucket)

    def _paused(self, ti: Any, targets: Iterable[Target]) -> list[str]:
        if not hasattr(ti, "get_dag"):  # Airflow 3.1; a backup that is missing because of it is noticed all the same
            self.log.warning("This Airflow does not tell a task which DAGs are paused.")
            return []
        scheduled = [(target, target.schedule) for target in targets]
        dag_ids = [f"backup__{target.name}" for target, schedule in scheduled if schedule.backup]
        dag_ids += [f"drill__{target.name}" for target, schedule in scheduled if schedule.drill]
        dag_ids += [f"check__{target.name}" for target, schedule in scheduled if schedule.check and target.has_rules]
        dag_ids += [f"probe__{target.name}" for target, schedule in scheduled if schedule.probe and target.has_probes]
        dag_ids += ["rehearse"] if scheduled else []
        return [dag_id for dag_id in dag_ids if self._is_paused(ti, dag_id)]

    def _is_paused(self, ti: Any, dag_id: str) -> bool:
        try:
            return bool(ti.get_dag(dag_id).is_paused)
        except AirflowRuntimeError:
            self.log.warning("Airflow cannot say whether the DAG %s is paused.", dag_id)
            return False
