"""Approval: the task between plan and act that waits for a human, and what may happen around it.

The plan's task returns ``plan_for_approval(...)``; ApprovalSensor shows that plan; the acting step computes the digest
anew and calls ``jobs/approvals/require_approval.py``. What the sensor decides lies in the bucket: an XCom, which users
can write, only says which plan it is, and nothing downstream believes the sensor's state. docs/approvals.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, TriggerRule

from dbops.domain.approvals.approval import Answer, Question, noun_of
from dbops.domain.approvals.rules import possible_approvers, time_left
from dbops.domain.approvals.shown_question import question_head, shown_question
from dbops.domain.words.stake import NO_STAKE, Stake
from dbops.errors import ApprovalMissing
from dbops.gateways.clock import utc_now
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow import approval_mails, connections
from dbops_airflow.airflow_versions import TaskParked
from dbops_airflow.failures import told_to_airflow

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.approvals.approval import Approval
    from dbops.domain.target import Target
    from dbops.gateways.store.bucket import Bucket

_LONGEST_REASON = 2000


def plan_for_approval(
    bucket: Bucket, target: Target, *, run: str, action: str, digest: str, markdown: str, stake: Stake = NO_STAKE
) -> dict[str, Any]:
    """What the plan's task returns, its XCom; the plan itself goes to the bucket, and people are shown it from there.

    ``stake`` is what it says in short, for the mail that asks. ``needed`` is for people who look at the XCom: sensor
    and acting step read the target's file. Raises BucketError.
    """
    from dbops.gateways.store.approvals import record_plan

    record_plan(bucket, target, run=run, digest=digest, markdown=markdown, stake=stake)
    needed = action in target.approvals.approve
    return {"markdown": markdown, "digest": digest, "target": target.name, "action": action, "needed": needed}


def break_glass_params() -> dict[str, Param]:
    """The fields of a trigger form by which one person alone may approve in an emergency; every ApprovalSensor asks."""
    return {
        "break_glass": Param(
            False,
            type="boolean",
            description="approve alone, in an emergency: for approvers only, reported to everybody",
        ),
        "break_glass_reason": Param(None, type=["null", "string"], description="needed with break_glass"),
    }


class ApprovalSensor(ApprovalOperator):
    """Wait until somebody who may approves the plan of ``plan_task_id``; a no, or silence, ends the run red.

    An Approve without the target's name, or by somebody who may not, is put aside, and the question stands.

    The DAG has the params ``target``, ``break_glass`` and ``break_glass_reason``. Where the target's file asks for no
    approval of ``action`` it is green at once. It is never retried: Airflow would ask again, and forget the answer.
    """

    template_fields = ()

    def __init__(self, *, task_id: str, plan_task_id: str, action: str, **kwargs: Any) -> None:
        # Airflow has put the DAG's own params and defaults among the keywords by now; the params it adds again below.
        kwargs |= {
            "retries": 0,
            "on_failure_callback": approval_mails.RejectionMail(action),
            "params": {
                "target_name": Param(
                    None, type=["null", "string"], title="Name of the target", description="type it, to approve"
                ),
                "reason": Param(None, type=["null", "string"], title="Reason", description="for the audit; optional"),
            },
        }
        super().__init__(task_id=task_id, subject=f"Approve the {noun_of(action)}?", **kwargs)
        self.plan_task_id = plan_task_id
        self.action = action
        if self.has_dag():  # type: ignore[no-untyped-call]
            self._end_red_unless_approved(task_id)

    def _end_red_unless_approved(self, task_id: str) -> None:
        """Add a leaf that is as red as this task: Airflow colours a run by its leaves, and another may be all_done."""
        self >> EmptyOperator(
            task_id=f"{task_id}__said_yes", dag=self.dag, task_group=self.task_group, trigger_rule="all_success"
        )

    def execute(self, context: Context) -> dict[str, Any] | None:
        """Ask, unless the target's file says that nobody needs to be, or the yes is on record.

        The latter where the try that has judged it was killed before Airflow had heard of that: asked again, the run
        would be refused, and the yes lost.
        """
        try:
            with told_to_airflow():
                target = self._target(context)
                if self.action not in target.approvals.approve:
                    self.log.info("approvals.approve of %s does not ask for a %s.", target.name, self.action)
                    return None
                approval = self._yes_on_record(context, target)
                if approval is None:
                    self._ask(context, target)
        except Exception:
            self._stop_everything_downstream()
            raise
        # Told again: who has judged it may not have come to that.
        return self._approved(approval, target, context) if approval else None

    def execute_complete(self, context: Context, event: dict[str, Any], question: str = "") -> dict[str, Any]:
        """Judge what the server hands over. The question is the one that was shown: it waited with the task."""
        from dbops.jobs.approvals.answer_approval import answer_approval
        from dbops.jobs.approvals.set_aside import set_aside

        try:
            with told_to_airflow():
                asked, target = _question_of(question), self._target(context)
                answer = _answer_of(event)
                self.hitl_summary_extra["responded_by_user"] = event.get("responded_by_user")
                bucket = connections.open_bucket(target)
                if why := set_aside(asked, answer, target, bucket, now=(moment := utc_now())):
                    self.response_timeout = time_left(asked, target, moment)
                    self._ask_again(context, asked, target, bucket, why)
                approval = answer_approval(asked, answer, target, bucket, clock=utc_now)
        except Exception:
            self.hitl_summary_extra["approved"] = False
            self._stop_everything_downstream()
            raise
        return self._approved(approval, target, context)

    def _approved(self, approval: Approval, target: Target, context: Context) -> dict[str, Any]:
        self.hitl_summary_extra["approved"] = True
        self.log.info("APPROVED by %s, until %s UTC.", approval.answered_by, f"{approval.valid_until:%Y-%m-%d %H:%M}")
        approval_mails.mail_approved(approval, target, context)
        return approval.facts()

    def _yes_on_record(self, context: Context, target: Target) -> Approval | None:
        from dbops.gateways.store.approvals import find_unused_approval

        return find_unused_approval(
            connections.open_bucket(target),
            target,
            run=context["run_id"],
            action=self.action,
            digest=self._digest(context),
            now=utc_now(),
        )

    def _ask(self, context: Context, target: Target) -> None:
        from dbops.gateways.store.restores import restore_notes
        from dbops.jobs.approvals.ask_approval import ask_approval

        question = self._question(context, target)
        bucket = connections.open_bucket(target)
        plan, notes = ask_approval(question, target, bucket), restore_notes(bucket, target, question.run)
        self.response_timeout = target.approvals.wait
        self._park(context, question, plan, notes=notes, target=target, bucket=bucket)

    def _ask_again(self, context: Context, question: Question, target: Target, bucket: Bucket, why: str) -> None:
        """Ask the same once more: Airflow takes an answer without a look at what was typed, or by whom."""
        from dbops.gateways.store.approvals import read_plan

        plan = read_plan(bucket, target, run=question.run, digest=question.digest)
        self.log.warning("An answer was set aside, and the question stays open: %s.", why)
        told = f"An answer was set aside: {why}. The question stays open."
        self._park(context, question, plan, notes=(told,), target=target, bucket=bucket)

    def _park(
        self,
        context: Context,
        question: Question,
        plan: str,
        *,
        notes: tuple[str, ...],
        target: Target,
        bucket: Bucket,
    ) -> None:
        from dbops.gateways.store.approvals import find_stake

        self.subject = f"{question.act.capitalize()} of {target.name}: approve?"
        self.body = shown_question(question, plan)
        self.assigned_users = [{"id": name, "name": name} for name in possible_approvers(question, target)]
        self._require_shown(context, question)
        stake = find_stake(bucket, target, run=question.run, digest=question.digest)
        approval_mails.mail_question(question, stake, notes, target, context)
        try:
            unwrap(ApprovalOperator.execute)(self, context)  # its guard warns of being asked by execute_complete
        except TaskParked as parked:
            # The server keeps it with the parked task: what is answered is what was asked, whatever XComs say by then.
            parked.kwargs = {"question": question.to_json()}
            raise

    def _require_shown(self, context: Context, question: Question) -> None:
        """Put the question where people see it, and see that it is what they see.

        Airflow keeps the text that a task has once asked with, also when the task is cleared and asks another question:
        people would read the old plan, and say yes to the new one.
        """
        from airflow.sdk.execution_time.comms import CreateHITLDetailPayload
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        shown = SUPERVISOR_COMMS.send(
            CreateHITLDetailPayload(
                ti_id=context["ti"].id,
                options=self.options,
                subject=self.subject,
                body=self.body,
                defaults=self.defaults,
                multiple=self.multiple,
                params=self.serialized_params,
                assigned_users=self.assigned_users,
            )
        )
        if not str(getattr(shown, "body", "")).startswith(question_head(question)):
            raise ApprovalMissing(
                f"REJECTED before anybody was asked: the task {self.task_id} has asked about another plan before, "
                "and Airflow would keep showing people that one.",
                "Nothing was done. Start a new run.",
            )

    def _question(self, context: Context, target: Target) -> Question:
        dag_run, params = context["dag_run"], context["params"]
        return Question(
            target=target.name,
            action=self.action,
            digest=self._digest(context),
            run=context["run_id"],
            requested_by=dag_run.triggering_user_name or None,
            requested=dag_run.run_after,
            asked=utc_now(),
            break_glass=params.get("break_glass") is True,
            # On one line: it stands above the plan, and must not look like a part of it.
            break_glass_reason=" ".join(str(params.get("break_glass_reason") or "").split())[:_LONGEST_REASON],
        )

    def _digest(self, context: Context) -> str:
        plan = context["ti"].xcom_pull(task_ids=self.plan_task_id)
        digest = plan.get("digest") if isinstance(plan, Mapping) else None
        if not isinstance(digest, str) or not digest:
            raise ApprovalMissing(
                f"The task {self.plan_task_id} has left no plan, so nobody can be asked about it.",
                "Nothing was done. Start a new run.",
            )
        return digest

    def _target(self, context: Context) -> Target:
        """Of the trigger form, which nobody can change once the run exists, and as its file is now."""
        return read_targets(include_folder()).target(str(context["params"]["target"]))

    def _stop_everything_downstream(self) -> None:
        """Skip what would run after a failure. What needs every task before it to succeed, our leaf too, never does.

        Clean-ups (teardown tasks) do run.
        """
        from airflow.sdk.execution_time.comms import SkipDownstreamTasks
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        below = [task for task in self.get_flat_relatives(upstream=False) if not task.is_teardown]
        tolerant = [task.task_id for task in below if task.trigger_rule != TriggerRule.ALL_SUCCESS]
        if tolerant:
            SUPERVISOR_COMMS.send(msg=SkipDownstreamTasks(tasks=list[str | tuple[str, int]](tolerant)))


def _question_of(kept: str) -> Question:
    try:
        return Question.from_json(kept)
    except ValueError:
        raise ApprovalMissing(
            "REJECTED: an answer came, and Airflow has not kept the question.", "Nothing was done. Start a new run."
        ) from None


def _answer_of(event: Mapping[str, Any]) -> Answer:
    """The server's event as an answer. An error, time-out included, is an answer that nobody gave."""
    params = event.get("params_input") or {}
    user = event.get("responded_by_user")
    return Answer(
        options=tuple(event.get("chosen_options") or ()),
        by=(str(user["id"]), str(user["name"])) if user else None,
        answered=event.get("responded_at") or utc_now(),
        typed_name=params.get("target_name"),
        reason=str(params.get("reason") or "").strip()[:_LONGEST_REASON],
        timed_out=bool(event.get("timedout")) or event.get("error_type") == "timeout",
    )
