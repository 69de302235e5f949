"""Migration mails: what was applied, how the touched operations fare, what is left. They never raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbops_airflow.telling import tell

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.migrations.report import MigrationReport
    from dbops.domain.target import Target


def mail_migrated(report: MigrationReport, target: Target, context: Context) -> None:
    """Mail what a migration came to."""
    from dbops.domain.alerts.alert import Alert, Severity
    from dbops.domain.report import Verdict

    record = report.record
    known = (
        ("Backup", record.backup_id),
        ("Asked by", record.requested_by or "unknown"),
        ("Approved by", record.approved_by),
        ("Digest", record.digest),
        ("Run", record.run),
    )
    alert = Alert(
        severity=Severity.DONE if report.verdict is Verdict.OK else Severity.WARNING,
        job="migrate",
        target=target.name,
        environment=target.environment,
        headline=report.headline(),
        details=(*report.applied, *(record.checked.remarks if record.checked else ()), *report.probes.sentences),
        remedy=report.what_is_left(),
        facts=(*report.probes.facts(), *((label, value) for label, value in known if value)),
        link=context["ti"].log_url,
    )
    tell(alert, target.audience, context)
