"""answer_approval: judge the answer to a question, and keep it, yes or no, where no user of Airflow can write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from dbops.domain.approvals.approval import Answer, Approval, Question, Rejection
from dbops.domain.approvals.rules import judge
from dbops.domain.target import Target
from dbops.domain.words.ended import Ended
from dbops.errors import ApprovalMissing, BucketError
from dbops.gateways.store.approvals import (
    consume_approval,
    end_approval,
    find_unused_approval,
    is_used_up,
    record_approval,
)
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.approvals.ask_approval import audit_action
from dbops.jobs.approvals.end_run import NOTHING_DONE, START_ANEW, end_run


def answer_approval(
    question: Question, answer: Answer, target: Target, bucket: Bucket, *, clock: Callable[[], datetime]
) -> Approval:
    """Answer with the yes. Raises ApprovalMissing, beginning with REJECTED, for everything else, and BucketError.

    A run whose task was taken for dead while it judged is asked anew, and that task may write a yes down all the same:
    another yes leaves it as it is, and a no ends it.
    """
    now = clock()
    verdict = judge(question, answer, target, now)
    if isinstance(verdict, Rejection):
        raise _rejected(question, verdict, target, bucket, now)
    try:
        _keep(question, verdict, target, bucket, now)
    except ApprovalMissing:
        earlier = find_unused_approval(
            bucket, target, run=question.run, action=question.action, digest=question.digest, now=now
        )
        if earlier is None:
            raise
        return earlier
    return verdict


def _keep(question: Question, verdict: Approval | Rejection, target: Target, bucket: Bucket, now: datetime) -> None:
    outcome = "approved" if isinstance(verdict, Approval) else "rejected"
    # On record first: what the approval allows must never be without its entry in the audit.
    write_audit(bucket, target, now, audit_action(question, outcome), verdict.facts())
    record_approval(bucket, target, verdict)


def _rejected(question: Question, verdict: Rejection, target: Target, bucket: Bucket, now: datetime) -> ApprovalMissing:
    """A no is a no also where it cannot be written down; the answer says so then."""
    refusal = ApprovalMissing(
        f"REJECTED: the {question.act} of {question.target} does not take place: {verdict.reason}.",
        f"{NOTHING_DONE} {START_ANEW}",
    )
    try:
        acts = is_used_up(bucket, target, run=question.run, action=question.action)
        try:
            _keep(question, verdict, target, bucket, now)
        except ApprovalMissing:
            _end_earlier_yes(question, target, bucket, now)
    except BucketError as error:
        refusal.what += f" It is missing from the audit: {error.what}"
        return refusal
    if acts:  # upon an earlier yes: then the record is that act's to write
        return refusal
    ended = Ended(word="rejected", why=verdict.reason, when=now, by=verdict.answered_by)
    return end_run(refusal, bucket, target, run=question.run, action=question.action, ended=ended)


def _end_earlier_yes(question: Question, target: Target, bucket: Bucket, now: datetime) -> None:
    # First: whoever finds the yes used up must not take that for an attempt that was cut off, and go on with it.
    end_approval(bucket, target, run=question.run, action=question.action, now=now)
    with suppress(ApprovalMissing):  # it was a no, or counts no longer
        consume_approval(bucket, target, run=question.run, action=question.action, digest=question.digest, now=now)
