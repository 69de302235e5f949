"""Recovery: a job that is green after a red run is news too, by which a pager closes what the red one has opened.

Checks and probes say so themselves, by what their last runs have found. Nothing in here ever raises.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dbops.jobs.error_in_words import error_in_words
from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.target import Target

_log = logging.getLogger(__name__)


def mail_green_again(job: str, target: Target, headline: str, context: Context) -> None:
    """Tell the target's audience where the run before this one has failed; else nobody."""
    from dbops.domain.alerts.alert import Alert, Severity

    failed = _failed_before(context)
    if failed is None:
        return
    alert = Alert(
        severity=Severity.RECOVERED,
        job=job,
        target=target.name,
        environment=target.environment,
        headline=headline,
        remedy=f"Nothing is left to be done about the run {failed}, which failed.",
        facts=(("Run", str(context["run_id"])),),
        link=context["ti"].log_url,
    )
    tell(alert, target.audience, context)


def _failed_before(context: Context) -> str | None:
    """The DAG's last run before this one, if that failed. A run without a logical date is before nothing."""
    from airflow.sdk.execution_time.comms import GetPreviousDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    run = context["dag_run"]
    try:
        answer = SUPERVISOR_COMMS.send(
            GetPreviousDagRun(dag_id=run.dag_id, logical_date=run.logical_date or run.run_after)
        )
    except Exception as error:  # noqa: BLE001 - good news is not worth a red run
        why = error_in_words(error, "asking Airflow for the run before this one")
        _log.warning("Nobody is told whether the run before this one had failed: %s", why)
        return None
    before = getattr(answer, "dag_run", None)
    return str(before.run_id) if before is not None and before.state == "failed" else None
