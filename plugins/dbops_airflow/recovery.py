"""Recovery: a job that is green after a red run is news too, by which a pager closes what the red one has opened.

What people were told of a failure is kept beside the backups, until they are told that it is over. Checks and probes
say so themselves, by what their last runs have found. Nothing in here ever raises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dbops.gateways.clock import utc_now
from dbops.jobs.error_in_words import error_in_words
from dbops_airflow import connections
from dbops_airflow.in_time import ends_in_time
from dbops_airflow.telling import Told, tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.alerts.told_failure import ToldFailure
    from dbops.domain.target import Target

_log = logging.getLogger(__name__)

_JOBS = ("backup", "drill")
_KEEPING_SECONDS = 2.0
_UNKEPT = "Airflow is asked instead whether a run had failed, when one is green: %s"


def keep_failed(job: str, target: Target | None, context: Mapping[str, Any]) -> None:
    """Keep that people were told of this failure, for the next green run to tell them that it is over.

    Where the store does not answer, which may be what has failed, nobody waits for it.
    """
    if target is None or job not in _JOBS:
        return
    run = str(context.get("run_id", "unknown"))
    try:
        if not ends_in_time(lambda: _keep(job, target.hurried, run), _KEEPING_SECONDS, "keep failed"):
            _log.warning(_UNKEPT, "the store does not answer.")
    except RuntimeError:
        _log.warning(_UNKEPT, "no thread could be started, the process or its machine is full.")


def mail_green_again(job: str, target: Target, headline: str, context: Context) -> None:
    """Tell the target's audience where they were told of a failure and not yet of its end; else nobody.

    Where that reaches nobody the next green run tries again.
    """
    from dbops.gateways.store.told_failures import find_told_failure

    try:
        last = find_told_failure(connections.open_bucket(target), target, job)
    except Exception as error:  # noqa: BLE001 - good news is not worth a red run
        why = error_in_words(error, "reading what was told")
        _log.warning("If a failure is over, the next green run tells it: %s", why)
        return
    failed = last.run if last is not None and not last.is_over else _failed_before(context, last)
    if failed is not None and not _is_lost(_tell(job, target, headline, failed, context)):
        _keep(job, target, failed, is_over=True)


def _tell(job: str, target: Target, headline: str, failed: str, context: Context) -> Told:
    from dbops.domain.alerts.alert import Alert, Severity

    run = str(context["run_id"])
    about = "what failed in this run before" if failed == run else f"the run {failed}, which failed"
    alert = Alert(
        severity=Severity.RECOVERED,
        job=job,
        target=target.name,
        environment=target.environment,
        headline=headline,
        remedy=f"Nothing remains to be done about {about}.",
        facts=(("Run", run),),
        link=context["ti"].log_url,
    )
    return tell(alert, target.audience, context)


def _is_lost(told: Told) -> bool:
    """Whether somebody wanted to hear of it, and nobody has."""
    return not told.has_reached_somebody and (told.mailed is False or bool(told.refused))


def _keep(job: str, target: Target, run: str, *, is_over: bool = False) -> None:
    """In the place of what was told before: that is over with it, or is told as over with it."""
    from dbops.domain.alerts.told_failure import ToldFailure
    from dbops.gateways.store import told_failures

    told = ToldFailure(run=run, moment=utc_now(), is_over=is_over)
    try:
        told_failures.put_told_failure(connections.open_bucket(target), target, job, told)
    except Exception as error:  # noqa: BLE001 - nothing in here may raise
        why = error_in_words(error, "keeping what was told")
        _log.warning("That this is over may be told again: %s" if is_over else _UNKEPT, why)


def _failed_before(context: Context, last: ToldFailure | None) -> str | None:
    """Where the store may have kept no word: the run before this one, if that failed after the ``last`` was over.

    A run without a logical date is before nothing.
    """
    from airflow.sdk.execution_time.comms import GetPreviousDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    run = context["dag_run"]
    try:
        answer = SUPERVISOR_COMMS.send(
            GetPreviousDagRun(dag_id=run.dag_id, logical_date=run.logical_date or run.run_after)
        )
    except Exception as error:  # noqa: BLE001 - good news is not worth a red run
        why = error_in_words(error, "asking Airflow for the run before this one")
        _log.warning("It is not reported whether the run before this one had failed: %s", why)
        return None
    before = getattr(answer, "dag_run", None)
    if before is None or before.state != "failed":
        return None
    is_known = last is not None and (before.start_date or before.run_after) <= last.moment
    return None if is_known else str(before.run_id)
