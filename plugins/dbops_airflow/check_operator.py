"""CheckOperator: the nightly checks as a task; red where a rule that is an error is broken, or nobody could ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbops.domain.target import Target
from dbops.domain.words.readable import readable
from dbops.errors import ChecksFailed
from dbops.gateways.clock import utc_now
from dbops_airflow import connections, metrics
from dbops_airflow.alerts import remember_mailed
from dbops_airflow.check_mails import mail_checks
from dbops_airflow.failures import JobRefused, told_to_airflow
from dbops_airflow.stoppable import StoppableOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class CheckOperator(StoppableOperator):
    """Check one target; the XCom is the verdict and how many rules had each outcome.

    The run's ``full`` decides whether what the catalog proves is executed; None leaves it to the day.
    """

    def __init__(self, *, target: Target, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job, and mail what is bad or well again; broken rules are not asked again by a retry."""
        from dbops.domain.report import Verdict
        from dbops.gateways.files.target_files import include_folder
        from dbops.jobs.checks.check import check

        with told_to_airflow(), self.stoppable():
            report = check(
                self.target,
                connections.database_address(self.target.connection),
                connections.open_bucket(self.target),
                include=include_folder(),
                run=context["run_id"],
                clock=utc_now,
                full=context["params"]["full"],
                probing=connections.probing_address(self.target),
            )
        self.log.info(readable(report.markdown()))
        if mail_checks(report, self.target, context):
            remember_mailed(context["ti"])
        metrics.emit_target(self.target)
        if report.verdict is Verdict.FAILED:
            raise JobRefused(ChecksFailed(report.headline(), "See the mail, or the table in this log."))
        return {"verdict": report.verdict.value, **report.counts()}
