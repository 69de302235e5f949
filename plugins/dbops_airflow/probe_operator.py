"""ProbeOperator: the weekly probes as a task; red where an operation of the application fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbops.domain.target import Target
from dbops.domain.words.readable import readable
from dbops.errors import ProbesFailed
from dbops.gateways.clock import utc_now
from dbops_airflow import connections, metrics
from dbops_airflow.alerts import remember_mailed
from dbops_airflow.failures import JobRefused, told_to_airflow
from dbops_airflow.probe_mails import mail_probes
from dbops_airflow.stoppable import StoppableOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class ProbeOperator(StoppableOperator):
    """Probe one target.

    The XCom is the verdict, and how many operations there were, failed, were slower, or over budget.
    """

    def __init__(self, *, target: Target, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job, and mail an alert or the digest; a failed operation is not asked again by a retry."""
        from dbops.domain.report import Verdict
        from dbops.gateways.files.target_files import include_folder
        from dbops.jobs.probes.probe import probe

        with told_to_airflow(), self.stoppable():
            report = probe(
                self.target,
                connections.database_address(self.target.connection),
                connections.open_bucket(self.target),
                include=include_folder(),
                run=context["run_id"],
                clock=utc_now,
                probing=connections.probing_address(self.target),
            )
        self.log.info(readable(report.markdown()))
        if mail_probes(report, self.target, context):
            remember_mailed(context["ti"])
        metrics.emit_target(self.target)
        if report.verdict is Verdict.FAILED:
            raise JobRefused(ProbesFailed(report.headline(), "See the mail, or the table in this log."))
        return {"verdict": report.verdict.value, **report.counts()}
