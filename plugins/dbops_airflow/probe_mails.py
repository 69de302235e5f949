"""Probe mails: what fails or has become slow, or the calm digest, with a picture. Like every mail they never raise."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from dbops_airflow.links import page_url
from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.alerts.picture import Picture
    from dbops.domain.probes.report import ProbeReport
    from dbops.domain.target import Target

log = logging.getLogger(__name__)


def mail_probes(report: ProbeReport, target: Target, context: Context) -> bool:
    """Mail a run of the probes; there is one mail for each. Whether somebody has been reached."""
    from dbops.domain.probes.alert import probe_alert

    alert = probe_alert(report, target, run=str(context["run_id"]), link=context["ti"].log_url)
    if report.record.page:
        alert = replace(alert, page=page_url(target.name, "probes", report.record.probe_id))
    return tell(alert, target.audience, context, _picture(report, target)).has_reached_somebody


def _picture(report: ProbeReport, target: Target) -> Picture | None:
    """The overview that the report's page begins with; a mail without it is better than none."""
    if not report.record.page:
        return None
    from dbops.domain.probes.picture import probe_picture
    from dbops.gateways.store.probe_runs import read_picture
    from dbops_airflow import connections

    try:
        png = read_picture(connections.open_bucket(target), target, report.record.probe_id)
    except Exception:
        log.warning("The mail is sent without its picture.", exc_info=True)
        return None
    return probe_picture(report.record, png)
