"""Restore operators: a task for each step; what they know of each other lies in the bucket, not in XComs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator

from dbops.domain.restores.request import RestoreRequest, read_restore_request
from dbops.domain.words.readable import readable
from dbops.domain.words.stake import NO_STAKE
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import alerts, connections, metrics
from dbops_airflow.approval import plan_for_approval
from dbops_airflow.failures import told_to_airflow
from dbops_airflow.stoppable import StoppableOperator
from dbops_airflow.targets import chosen_target

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from airflow.sdk import Context

    from dbops.jobs.restores.restore_run import RestoreRun


def _run(context: Context) -> RestoreRun:
    """That run's restore, by its trigger form, which nobody can change once the run exists; raises DbopsError.

    The target's file is read as it is now, and its connections are looked up.
    """
    from dbops.jobs.restores.restore_run import RestoreRun

    target = chosen_target(context, read_targets(include_folder()))
    place, bucket = connections.restore_place(target), connections.open_bucket(target)
    return RestoreRun(target, place, bucket, context["run_id"], utc_now)


def _request(given: Mapping[str, Any], zone: ZoneInfo) -> RestoreRequest:
    """What the form asks for; raises InvalidRequest."""
    return read_restore_request(
        mode=str(given["mode"]),
        backup=given["backup"],
        not_later_than=given["not_later_than"],
        schemas=given["schemas"] or (),
        tables=given["tables"] or (),
        into=given["into"],
        loaded=given["loaded"],
        zone=zone,
    )


def _is_another_try(context: Context) -> bool:
    return context["ti"].try_number > 1


class PlanRestoreOperator(StoppableOperator):
    """Find out what the restore would do; red where something stands in its way. The XCom is the plan."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Plan, and keep the plan where people are shown it from."""
        from dbops.jobs.restores.plan_restore import plan_restore, require_no_blockers

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            by = context["dag_run"].triggering_user_name or None
            plan = plan_restore(run, _request(context["params"], run.target.zone), by=by)
            self.log.info(readable(plan.markdown()))
            require_no_blockers(plan)
            return plan_for_approval(
                run.bucket,
                run.target,
                run=run.name,
                action="restore",
                digest=plan.digest,
                markdown=plan.markdown(),
                stake=plan.stake,
            )


class RestoreOperator(StoppableOperator):
    """Load the planned backup; nothing live is touched. The XCom is the name of what was loaded."""

    def execute(self, context: Context) -> str:
        """Run the job, with its progress in the log."""
        from dbops.jobs.restores.restore import restore

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            record = restore(
                run,
                after_another_try=_is_another_try(context),
                on_progress=lambda progress: self.log.info(progress.sentence()),
            )
        return record.schema or record.database


class AnalyzeRestoreOperator(StoppableOperator):
    """Give what was loaded its statistics."""

    def execute(self, context: Context) -> None:
        """Run the job."""
        from dbops.jobs.restores.analyze_restore import analyze_restore

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            analyze_restore(run)


class VerifyRestoreOperator(StoppableOperator):
    """Prove what was loaded. The XCom is the plan again, with the proof below, for those who approve the swap."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the job; the swap is planned when all is proven, so that people say yes to what is live then."""
        from dbops.jobs.restores.plan_swap import plan_swap
        from dbops.jobs.restores.report_restore import report_restore
        from dbops.jobs.restores.verify_restore import verify_restore

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            record = verify_restore(run)
            shown = report_restore(run).markdown()
            self.log.info(readable(shown))
            metrics.emit_target(run.target)
            digest, stake = record.digest, NO_STAKE
            if record.request.mode == "swap":
                plan = plan_swap(run)
                shown, digest, stake = f"{plan.markdown()}\n\n### The proof\n\n{shown}", plan.digest, plan.stake
            return plan_for_approval(
                run.bucket, run.target, run=run.name, action="swap", digest=digest, markdown=shown, stake=stake
            )


class SwapOrReport(BaseBranchOperator):
    """Go on with the swap where the form asks for one, else to the report."""

    def __init__(self, *, swap: str, report: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.swap, self.report = swap, report

    def choose_branch(self, context: Context) -> str:
        """The id of the task that follows."""
        return self.swap if context["params"]["mode"] == "swap" else self.report


class SwapOperator(StoppableOperator):
    """Put the restored database into the live one's place, if somebody has said yes to this very plan."""

    def execute(self, context: Context) -> str | None:
        """Run the job; the XCom is the name under which the old database is kept."""
        from dbops.jobs.restores.swap import swap

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            record = swap(run, after_another_try=_is_another_try(context))
        self.log.info("%s is live; the old database is %s.", record.live, record.before)
        return record.before


class PostCheckOperator(StoppableOperator):
    """Look at the swapped database through the target's own connection."""

    def execute(self, context: Context) -> None:
        """Run the job."""
        from dbops.jobs.restores.post_check import post_check

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            post_check(run)


class ReportRestoreOperator(StoppableOperator):
    """Say in the log and by mail what the restore came to, and what is left to do."""

    def execute(self, context: Context) -> str:
        """Report; the XCom is the sentence that says it in short."""
        from dbops.jobs.restores.report_restore import report_restore

        with told_to_airflow(), self.stoppable():
            run = _run(context)
            report = report_restore(run)
        self.log.info(readable(report.markdown()))
        alerts.mail_restored(report, run.target, context)
        return report.headline()
