"""Check mails: what is broken, for how many days, and what is well again. Like every mail of dbops they never raise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbops.domain.words.start_id import StartId
from dbops_airflow.links import page_url
from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.checks.report import CheckReport
    from dbops.domain.target import Target


def mail_checks(report: CheckReport, target: Target, context: Context) -> bool:
    """Mail a run whose rules are not all well, or in which some are well again; say nothing of any other.

    Whether somebody has been reached.
    """
    from dbops.domain.checks.alert import check_alert

    alert = check_alert(report, target, run=str(context["run_id"]), link=context["ti"].log_url)
    if alert is None:
        return False
    shown = replace(alert, page=page_url(target.name, "checks", StartId.at(report.started)))
    return tell(shown, target.audience, context).has_reached_somebody
