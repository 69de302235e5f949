"""ask_approval: see that an answer could count, and put on record that it is asked for."""

from __future__ import annotations

from dbops.domain.approvals.approval import Question
from dbops.domain.approvals.rules import why_not_ask
from dbops.domain.target import Target
from dbops.domain.words.ended import Ended
from dbops.errors import ApprovalMissing
from dbops.gateways.store.approvals import number_of_next_answer, read_plan
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.run_ends import note_end
from dbops.jobs.approvals.end_run import NOTHING_DONE, end_run


def ask_approval(question: Question, target: Target, bucket: Bucket) -> str:
    """Answer with the plan to show, as markdown; raises BucketError, and ApprovalMissing where asking is no use.

    That is: the run has had an answer that stands, made no such plan, or the rules leave nobody whose yes would count.
    """
    asked = {"run": question.run, "action": question.action, "digest": question.digest}
    number_of_next_answer(bucket, target, **asked, now=question.asked)  # raises where there can be none
    plan = read_plan(bucket, target, run=question.run, digest=question.digest)
    reason = why_not_ask(question, target, question.asked)
    facts = question.facts() if reason is None else {**question.facts(), "reason": reason}
    write_audit(bucket, target, question.asked, audit_action(question, "rejected" if reason else "asked"), facts)
    if reason is not None:
        raise end_run(
            ApprovalMissing(
                f"REJECTED before anybody was asked: no yes to the {question.act} of {target.name} could count: "
                f"{reason}.",
                NOTHING_DONE,
            ),
            bucket,
            target,
            run=question.run,
            action=question.action,
            ended=Ended(word="rejected", why=reason, when=question.asked),
        )
    note_end(bucket, target, run=question.run, action=question.action, ended=None)
    return plan


def audit_action(question: Question, outcome: str) -> str:
    """The word in the audit's keys: what broke the glass is seen in a listing."""
    return f"{'BREAK-GLASS-' if question.break_glass else ''}approval-{outcome}"
