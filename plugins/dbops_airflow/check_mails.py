"""Check mails: what is broken, for how many days, and what is well again. Like every mail of dbops they never raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbops_airflow.alerts import mail

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.check_report import CheckReport
    from dbops.domain.target import Target

_RULES_TOLD = 20


def mail_checks(report: CheckReport, target: Target, context: Context) -> None:
    """Mail a run whose rules are not all well, or in which some are well again; say nothing of any other."""
    from dbops.domain.alerts import Alert, Severity
    from dbops.domain.report import Verdict

    if not (report.bad or report.recovered):
        return
    severity = {Verdict.FAILED: Severity.FAILED, Verdict.WARNING: Severity.WARNING, Verdict.OK: Severity.RECOVERED}
    left = len(report.bad) - _RULES_TOLD
    alert = Alert(
        severity=severity[report.verdict],
        job="check",
        target=target.name,
        environment=target.environment,
        headline=report.headline(),
        details=(
            *(report.told(result) for result in report.bad[:_RULES_TOLD]),
            *([f"{left} more, see the log."] if left > 0 else []),
            *(f"Well again: {rule_id}" for rule_id in report.recovered),
        ),
        remedy="The log has the SQL that shows the rows; it is read-only. Correct the data, or the rule if it is wrong."
        if report.bad
        else "",
        facts=(
            *(((outcome.capitalize(), f"{count:,}") for outcome, count in report.counts().items())),
            ("Checked", "in full" if report.full else "as every night"),
            *((("Data docs", report.docs),) if report.docs else ()),
            ("Run", str(context["run_id"])),
        ),
        link=context["ti"].log_url,
    )
    mail(alert, target.alerts.recipients)
