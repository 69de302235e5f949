"""WatchOperator: the hourly look at every target's bucket as a task, and what it keeps for the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowRuntimeError

from dbops.domain.target import Target
from dbops.domain.words.readable import readable
from dbops.errors import MailFailed
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import TargetFiles, include_folder, read_targets
from dbops_airflow import connections, metrics
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.mailed import Mailed
from dbops_airflow.problem_mails import mail_problems, mail_recovered
from dbops_airflow.watch_memory import WATCH_MEMORY, recall, recall_known, recall_taken, remember, remember_known

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.watch.problem import Problem
    from dbops.domain.watch.report import WatchReport
    from dbops.jobs.watch.told_by_tasks import ToldByTasks
    from dbops_airflow.watch_notices import Notices


class WatchOperator(BaseOperator):
    """Compare what every target promises with what its bucket shows; mail what is not kept, each problem once a day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(inlets=[WATCH_MEMORY], **kwargs)

    def execute(self, context: Context) -> None:
        """Green unless a mail could not be handed over: problems are what a watch is for, not its failure."""
        from dbops.jobs.target_index.bundle_indexes import bundle_indexes
        from dbops.jobs.watch.read_left import read_left
        from dbops.jobs.watch.told_by_tasks import ToldByTasks
        from dbops_airflow.watch_notices import Notices

        with told_to_airflow():
            include = include_folder()
            files = read_targets(include)
            left = read_left(files.targets.values(), connections.open_bucket)
            notices = Notices(include, files.targets, left, connections.open_bucket, utc_now())
            told = ToldByTasks(left, connections.open_bucket)
            before = recall(context)
            report = self._watch(context, files, include, memory=before, noticed=notices.problems, told=told.moments)
            self.log.info(readable(report.markdown()))
            keeping = _Keeping(context, report, before, notices, told)
            mailed = mail_problems(report.due, files.targets, context, keeping.taken, keeping.keep)
            mail_recovered(report, files.targets, context)
            keeping.recovered()
            keeping.keep(mailed)
            remember_known(context, report.known)
            # Last: they ask every bucket once more, and nobody's mail is to wait for that.
            metrics.emit_watch(report, files.targets)
            if mailed.unsent:
                raise MailFailed("Not every alert was mailed, see above.", "The next watch tries again.")
            bundle_indexes(files.targets.values(), connections.open_bucket)

    def _watch(
        self,
        context: Context,
        files: TargetFiles,
        include: Path,
        *,
        memory: Mapping[str, datetime],
        noticed: Iterable[Problem],
        told: Mapping[str, datetime],
    ) -> WatchReport:
        from dbops.domain.watch.retired import retired_problem
        from dbops.gateways.alerting.heartbeat import ping
        from dbops.gateways.files.retired_files import read_included_names
        from dbops.jobs.watch.watch import watch

        names, of_retired = read_included_names(include)
        return watch(
            list(files.targets.values()),
            files.faults,
            connections.open_bucket,
            clock=utc_now,
            memory=memory,
            names=names,
            known=recall_known(context),
            paused=self._paused(context["ti"], files.targets.values()),
            ping=ping,
            exists=lambda target, name: connections.restore_place(target).exists(target, name),
            noticed=[*noticed, *map(retired_problem, of_retired)],
            told=told,
        )

    def _paused(self, ti: Any, targets: Iterable[Target]) -> list[str]:
        if not hasattr(ti, "get_dag"):  # Airflow 3.1; a backup that is missing because of it is noticed all the same
            self.log.warning("This Airflow does not tell a task which DAGs are paused.")
            return []
        scheduled = [(target, target.schedule) for target in targets]
        dag_ids = [f"backup__{target.name}" for target, schedule in scheduled if schedule.backup]
        dag_ids += [f"drill__{target.name}" for target, schedule in scheduled if schedule.drill]
        dag_ids += [f"check__{target.name}" for target, schedule in scheduled if schedule.check and target.has_rules]
        dag_ids += [f"probe__{target.name}" for target, schedule in scheduled if schedule.probe and target.has_probes]
        dag_ids += ["rehearse", "restore", "migrate"] if scheduled else []  # the last two are queued in silence
        return [dag_id for dag_id in dag_ids if self._is_paused(ti, dag_id)]

    def _is_paused(self, ti: Any, dag_id: str) -> bool:
        try:
            return bool(ti.get_dag(dag_id).is_paused)
        except AirflowRuntimeError:
            self.log.warning("Airflow cannot say whether the DAG %s is paused.", dag_id)
            return False


class _Keeping:
    """What a watch keeps for the next one while it tells people: one that is killed must leave no problem untold.

    ``taken`` are the problems of which a notifier has heard by an earlier watch; only their mail is still to come.
    """

    def __init__(
        self, context: Context, report: WatchReport, before: Mapping[str, datetime], notices: Notices, told: ToldByTasks
    ) -> None:
        self._context, self._report, self._notices, self._told = context, report, notices, told
        self.taken = recall_taken(context, report.started)
        self._untold = {key: before[key] for key in report.recovered}

    def keep(self, mailed: Mailed) -> None:
        """Keep what became of the alerts so far; the others, and what is over, are told by the next watch."""
        report = self._report
        self._notices.forget(mailed)  # first: what is remembered and not forgotten would be told again in a day
        memory = mailed.sent(report.memory | self._untold)
        remember(self._context, memory, mailed.awaiting_mail(self.taken, report.started))
        self._told.forget()  # last: what is forgotten and not remembered would be told again now

    def recovered(self) -> None:
        """People have heard of what is over: it is kept no longer."""
        self._untold = {}
