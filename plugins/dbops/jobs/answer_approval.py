"""answer_approval: judge the answer to a question, and keep it, yes or no, where no user of Airflow can write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.approval_rules import judge
from dbops.domain.approvals import Answer, Approval, Question, Rejection
from dbops.domain.target import Target
from dbops.errors import ApprovalMissing, BucketError
from dbops.gateways.approvals import record_approval
from dbops.gateways.audit import write_audit
from dbops.gateways.bucket import Bucket
from dbops.jobs.ask_approval import audit_action


def answer_approval(
    question: Question, answer: Answer, target: Target, bucket: Bucket, *, clock: Callable[[], datetime]
) -> Approval:
    """Answer with the yes. Raises ApprovalMissing, beginning with REJECTED, for everything else, and BucketError."""
    now = clock()
    verdict = judge(question, answer, target, now)
    if isinstance(verdict, Rejection):
        raise _rejected(question, verdict, _keep_no(question, verdict, target, bucket, now))
    _keep(question, verdict, target, bucket, now)
    return verdict


def _keep(question: Question, verdict: Approval | Rejection, target: Target, bucket: Bucket, now: datetime) -> None:
    outcome = "approved" if isinstance(verdict, Approval) else "rejected"
    # On record first: what the approval allows must never be without its entry in the audit.
    write_audit(bucket, target, now, audit_action(question, outcome), verdict.facts())
    record_approval(bucket, target, verdict)


def _keep_no(question: Question, verdict: Rejection, target: Target, bucket: Bucket, now: datetime) -> str:
    """A no is a no also where it cannot be written down; the answer says so then."""
    try:
        _keep(question, verdict, target, bucket, now)
    except BucketError as error:
        return f" It is missing from the audit: {error.what}"
    return ""


def _rejected(question: Question, verdict: Rejection, remark: str) -> ApprovalMissing:
    return ApprovalMissing(
        f"REJECTED: the {question.action} of {question.target} does not take place, for {verdict.reason}.{remark}",
        "Nothing was done. Who still wants it starts a new run.",
    )
