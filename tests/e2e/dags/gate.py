"""gate: plan -> approve -> act, with nothing in it but the gate itself; the stack of these tests reads it beside dags/.

What the plan finds is a file that a test can change, ``include/world/<target>``. What has really been done is an object
``done/<task>-<run>`` below the target's folder. The gate waits at a place for as long as there is a file
``include/held/<run>-<place>``.
"""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from airflow.sdk import DAG, Asset, BaseOperator, Param

from dbops.domain.alerts.audience import Audience
from dbops.domain.target import Target
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import connections
from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.approval import ApprovalSensor, plan_for_approval
from dbops_airflow.failures import told_to_airflow

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.approvals.approval import Approval, Rejection

ACTION = "swap"
AUDIENCE = Audience(("dba@example.com",))
DOC = "The gate alone: what it stands before is an object in the bucket, and a test looks whether it is there. " * 3


def target_of(context: Context) -> Target:
    return read_targets(include_folder()).target(str(context["params"]["target"]))


def digest_of(target: Target) -> str:
    return hashlib.sha256((include_folder() / "world" / target.name).read_bytes()).hexdigest()


class Plan(BaseOperator):
    """Makes a plan of what the world looks like."""

    def execute(self, context: Context) -> dict[str, Any]:
        target = target_of(context)
        world = (include_folder() / "world" / target.name).read_text(encoding="utf-8")
        return plan_for_approval(
            connections.open_bucket(target),
            target,
            run=context["run_id"],
            action=ACTION,
            digest=digest_of(target),
            markdown=f"## The plan\n\nThe world is **{world}**.",
        )


class Gate(ApprovalSensor):
    """The gate as it is; a test may hold it while it judges."""

    def execute_complete(self, context: Context, event: dict[str, Any], question: str = "") -> dict[str, Any]:
        from dbops.domain.approvals.rules import judge

        def judge_and_wait(*arguments: Any) -> Approval | Rejection:
            verdict = judge(*arguments)
            hold(context, "judging")
            return verdict

        with mock.patch("dbops.jobs.approvals.answer_approval.judge", judge_and_wait):
            facts = super().execute_complete(context, event, question)
        hold(context, "judged")
        return facts


def hold(context: Context, place: str) -> None:
    """Say whose process is here, and wait, where a test wants that."""
    held = include_folder() / "held" / f"{context['run_id']}-{place}"
    if held.exists():
        held.write_text(str(os.getpid()), encoding="utf-8")
    while held.exists():
        time.sleep(0.05)


class Act(BaseOperator):
    """Does it, if somebody has said yes to what it would do now."""

    def execute(self, context: Context) -> None:
        from dbops.jobs.approvals.require_approval import require_approval

        time.sleep(context["params"]["act_after"])
        target = target_of(context)
        bucket = connections.open_bucket(target)
        with told_to_airflow():
            require_approval(
                bucket,
                target,
                run=context["run_id"],
                action=ACTION,
                digest=digest_of(target),
                clock=lambda: datetime.now(UTC),
            )
        bucket.put(f"{target.root}done/{self.task_id}-{context['run_id']}", b"")


class Whatever(BaseOperator):
    """Does something without asking anybody."""

    def execute(self, context: Context) -> None:
        target = target_of(context)
        connections.open_bucket(target).put(f"{target.root}done/{self.task_id}-{context['run_id']}", b"")


for dag_id, schedule in (("gate", None), ("gate_unasked", [Asset("nobody_in_particular")])):
    with DAG(
        dag_id=dag_id,
        description="plan, approve, act",
        doc_md=DOC,
        schedule=schedule,
        catchup=False,
        max_active_runs=16,
        is_paused_upon_creation=False,
        tags={"dbops", "test"},
        params={
            "target": Param("gated", type="string"),
            "break_glass": Param(False, type="boolean"),
            "break_glass_reason": Param("", type="string"),
            "act_after": Param(0, type="integer", description="seconds"),
        },
        default_args={
            "owner": "tests",
            "retries": 2,
            "retry_delay": timedelta(seconds=1),
            "on_failure_callback": TaskFailureMail("act", AUDIENCE),
        },
        on_failure_callback=RunFailureMail("act", AUDIENCE),
    ):
        plan = Plan(task_id="plan")
        approve = Gate(task_id="approve", plan_task_id="plan", action=ACTION)
        act = Act(task_id="act")
        anyway = Whatever(task_id="anyway", trigger_rule="all_done")
        last = Whatever(task_id="last", trigger_rule="all_done")
        one_failed = Whatever(task_id="one_failed", trigger_rule="one_failed")
        none_failed = Whatever(task_id="none_failed", trigger_rule="none_failed")
        plan >> approve >> [act, anyway, one_failed]
        anyway >> [last, none_failed]
