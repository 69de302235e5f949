"""Alerts: what Airflow knows about a failure or an odd report, as one alert. Nothing in here ever raises.

A failed task is told of by its own process, which still has the error in its hands (TaskFailureMail). Where there is no
process left to do that - killed, out of memory, worker gone, marked failed in the UI - the run's callback mails, from
the DAG processor (RunFailureMail). An XCom beside the failed task says that somebody was reached: one run, one alert.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from dbops.domain.alerts.audience import Audience
from dbops.domain.target import Target
from dbops.errors import ChecksFailed, DbopsError, ProbesFailed
from dbops.gateways.clock import utc_now
from dbops_airflow import connections
from dbops_airflow.airflow_versions import AirflowFailException
from dbops_airflow.failures import reason_of
from dbops_airflow.last_good import last_good_facts
from dbops_airflow.links import page_url
from dbops_airflow.recovery import keep_failed
from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.backups.report import BackupReport
    from dbops.domain.restores.report import RestoreReport

log = logging.getLogger(__name__)

_MAILED = "dbops_mailed"
_NO_LAST_WORDS = DbopsError(
    "The task ended without reporting an error: its process was killed, its worker is gone, or somebody marked it as "
    "failed.",
    "Look at the end of the task's log and at the worker's memory and disk. Nothing incomplete counts; run it again.",
)


class FailureMail:
    """A callback that tells ``audience``; ``target`` is None where the job is no single target's.

    With neither, the run's own trigger form says which target is concerned, and its audience is told.
    """

    def __init__(self, job: str, audience: Audience | None = None, target: Target | None = None) -> None:
        self.job = job
        self.audience = audience
        self.target = target

    def mail(self, reason: DbopsError, context: Mapping[str, Any]) -> bool:
        """Whether somebody has been told, so that nobody tells the same again with fewer words."""
        from dbops.domain.alerts.alert import Alert, Severity

        ti = context.get("ti")
        name, target, audience = self._concerned(context)
        headline, _, details = self.told(reason).partition("\n")
        alert = Alert(
            severity=Severity(self.severity_of(reason)),
            job=self.job,
            target=name,
            environment=target.environment if target else None,
            headline=headline,
            details=tuple(details.splitlines()),
            remedy=reason.remedy,
            facts=(*facts_of(context), *self.more_facts(target)),
            link=ti.log_url if ti else None,
        )
        return tell(alert, audience, context).has_reached_somebody

    def more_facts(self, _target: Target | None) -> Iterable[tuple[str, str]]:
        """What else people ask first."""
        return ()

    def severity_of(self, _reason: DbopsError) -> str:
        """The first word of the subject."""
        return "FAILED"

    def told(self, reason: DbopsError) -> str:
        """What happened, for people who have read the first word of the subject."""
        return reason.what

    def _concerned(self, context: Mapping[str, Any]) -> tuple[str | None, Target | None, Audience]:
        if self.audience is not None:
            return self.target.name if self.target else None, self.target, self.audience
        return target_of_form(context)


class TaskFailureMail(FailureMail):
    """A task's ``on_failure_callback``: Airflow calls it at the last attempt only."""

    def __call__(self, context: Context) -> None:
        """Mail what ended the task, unless nothing is left of it but its state."""
        error = context.get("exception")
        if not isinstance(error, Exception):
            log.info("The task left no error; the run's own callback sends the mail.")
        elif isinstance(reason_of(error), (ChecksFailed, ProbesFailed)) and _was_mailed(context):
            log.info("The job has mailed what is broken.")
        elif self.mail(reason_of(error), context):
            remember_mailed(context["ti"])  # first: Airflow ends this process soon, and nobody is to hear it twice
            keep_failed(self.job, self.target, context)

    def more_facts(self, target: Target | None) -> Iterable[tuple[str, str]]:
        """Of a backup. The run's callback does not ask: the DAG processor has other things to do than to wait."""
        return last_good_facts(target) if self.job == "backup" and target is not None else ()


class RunFailureMail(FailureMail):
    """A DAG's ``on_failure_callback``: mails what no task could mail itself."""

    def __call__(self, context: Context) -> None:
        """Mail, unless a task of this run has done so."""
        if not _was_mailed(context) and self.mail(_NO_LAST_WORDS, context):
            keep_failed(self.job, self.target, context)


def mail_backup_warnings(report: BackupReport, target: Target, context: Context) -> None:
    """Mail what is odd about a backup that is done: an alert of its own, beside a green task."""
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.words.quantities import format_bytes

    alert = Alert(
        severity=Severity.WARNING,
        job="backup",
        target=target.name,
        environment=target.environment,
        headline=f"The backup {report.backup_id} is done and can be restored, but it is not what was expected.",
        details=report.warnings,
        remedy=(
            "See what happened to the data before the older backups expire. If this was intended, there is nothing "
            "to do."
        ),
        facts=(
            ("Backup", report.backup_id),
            ("Location", report.location),
            ("Rows", f"{report.rows:,} in {report.tables} tables"),
            ("Stored", format_bytes(report.stored_bytes)),
            ("Run", str(context["run_id"])),
        ),
        link=context["ti"].log_url,
        page=page_url(target.name, "backups", report.backup_id),
    )
    if tell(alert, target.audience, context).is_done:
        _keep_told(report, target)


def _keep_told(report: BackupReport, target: Target) -> None:
    """For the watch, which would tell the same again within the hour."""
    from dbops.domain.backups.backup import BackupId
    from dbops.domain.watch.told_backup import ToldBackup
    from dbops.gateways.store import told_backups
    from dbops.jobs.error_in_words import error_in_words

    try:
        told = ToldBackup(backup_id=BackupId(report.backup_id), moment=utc_now())
        told_backups.put_told_backup(connections.open_bucket(target), target, told)
    except Exception as error:  # noqa: BLE001 - nothing in here may raise
        log.warning("The watch may report this again: %s", error_in_words(error, "keeping that it was told"))


def mail_restored(report: RestoreReport, target: Target, context: Context) -> None:
    """Mail what a restore came to, and what is left for people to do."""
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.report import Verdict

    record = report.record
    proof = record.verification
    alert = Alert(
        severity=Severity.WARNING if report.verdict is not Verdict.OK else Severity.DONE,
        job="restore",
        target=target.name,
        environment=target.environment,
        headline=report.headline(),
        details=(*(proof.warnings if proof else ()), *filter(None, [record.migrations])),
        remedy=report.what_is_left(),
        facts=(
            ("Backup", record.backup_id),
            ("Asked by", record.requested_by or "unknown"),
            *((("Approved by", record.approved_by),) if record.approved_by else ()),
            ("Where", report.url),
            ("Run", record.run),
        ),
        link=context["ti"].log_url,
    )
    tell(alert, target.audience, context)


def target_of_form(context: Mapping[str, Any]) -> tuple[str | None, Target | None, Audience]:
    """The target that was chosen in the trigger form, and whom to tell: everybody where its file cannot be read."""
    from dbops.gateways.files.target_files import include_folder, read_targets

    chosen = context.get("params") or getattr(context.get("dag_run"), "conf", None) or {}
    name = chosen.get("target")
    targets = read_targets(include_folder()).targets
    target = targets.get(str(name))
    return (
        None if name is None else str(name),
        target,
        target.audience if target else everybody(targets.values()),
    )


def everybody(targets: Iterable[Target]) -> Audience:
    """Everyone who hears of any of them, once."""
    return Audience.together(target.audience for target in targets)


def facts_of(context: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What the context has of it: in the DAG processor it may be nothing but the run."""
    ti = context.get("ti")
    if ti is not None:
        yield "Task", ti.task_id
    yield "Run", str(context.get("run_id", "unknown"))
    if ti is not None:
        yield "Attempt", _attempt(ti, context.get("exception"))
    started = getattr(ti, "start_date", None)
    if started is not None:
        yield "Started", f"{started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _attempt(ti: Any, error: object) -> str:
    if isinstance(error, AirflowFailException):
        return f"{ti.try_number}, with no other: a retry would end the same way"
    return f"{ti.try_number} of {max(getattr(ti, 'max_tries', 0) + 1, ti.try_number)}"


def remember_mailed(ti: Any) -> None:
    """Leave the mark by which the run's callback knows that this failure has been mailed."""
    try:
        ti.xcom_push(_MAILED, value=True)
    except Exception:
        log.warning("The run's callback may mail this failure a second time.", exc_info=True)


def _was_mailed(context: Mapping[str, Any]) -> bool:
    """Whether any task of this run has the mark. Where nobody can tell, two mails are better than none."""
    ti, dag = context.get("ti"), context.get("dag")
    if ti is None or dag is None:
        return False
    try:
        marks = ti.xcom_pull(task_ids=list(dag.task_ids), key=_MAILED, map_indexes=-1)
    except ImportError:
        return True  # only `airflow dags test` calls this where nothing can be asked: its tasks have mailed from here
    except Exception:
        log.warning("It is not known whether this failure has been mailed.", exc_info=True)
        return False
    return any(marks)
