"""set_aside: an Approve that is a slip, and neither a yes nor a no, is put on record, and the question stands."""

from __future__ import annotations

from datetime import datetime

from dbops.domain.approvals.approval import Answer, Question
from dbops.domain.approvals.rules import why_set_aside
from dbops.domain.target import Target
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.approvals.ask_approval import audit_action


def set_aside(question: Question, answer: Answer, target: Target, bucket: Bucket, *, now: datetime) -> str | None:
    """Why the question stands after this answer, which is on record then; None where it is to be judged.

    Raises BucketError.
    """
    reason = why_set_aside(question, answer, target, now)
    if reason is not None:
        by = answer.by[1] if answer.by else None
        facts = {**question.facts(), "answered_by": by, "reason": reason}
        write_audit(bucket, target, now, audit_action(question, "set-aside"), facts)
    return reason
