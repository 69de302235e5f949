"""Probe mails: what has become slow or fails, or the calm digest, with a picture. Like every mail they never raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbops_airflow.alerts import mail

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.probe_report import ProbeReport
    from dbops.domain.target import Target


def mail_probes(report: ProbeReport, picture: bytes, target: Target, context: Context) -> None:
    """Mail a run of the probes; there is one mail for each."""
    from dbops.domain.probe_alert import probe_alert

    alert = probe_alert(report, target, run=str(context["run_id"]), link=context["ti"].log_url)
    mail(alert, target.alerts.recipients, picture=picture)
