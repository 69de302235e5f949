"""require_approval: what every acting step calls right before it acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.approvals.approval import Approval
from dbops.domain.target import Target
from dbops.errors import ApprovalMissing
from dbops.gateways.store.approvals import (
    consume_approval,
    find_approval_in_use,
    give_approval_back,
    is_used_for,
    is_used_up,
)
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket

Consent = Callable[[str, str], str | None]
"""Who says yes to an action by the plan of a digest, None where nobody has to; raises ApprovalMissing."""


def consent_on_record(
    bucket: Bucket, target: Target, *, run: str, clock: Callable[[], datetime], nothing_done: bool = False
) -> Consent:
    """The consent that lies in the bucket, see ``require_approval``."""

    def consent(action: str, digest: str) -> str | None:
        approval = require_approval(
            bucket, target, run=run, action=action, digest=digest, clock=clock, nothing_done=nothing_done
        )
        return approval.answered_by if approval else None

    return consent


def require_approval(
    bucket: Bucket,
    target: Target,
    *,
    run: str,
    action: str,
    digest: str,
    clock: Callable[[], datetime],
    nothing_done: bool = False,
) -> Approval | None:
    """Use up the yes to this very plan in this very run; None where the target's file asks for none for this action.

    ``digest`` is of the plan as it would be carried out now, computed by the caller: never one that was handed on.
    Raises ApprovalMissing where nobody who may has said yes to it, in time, and unused; and BucketError. It is not
    idempotent: who calls it acts, or gives it back, or has to be approved anew. ``nothing_done`` is for whoever is the
    only one at work, and knows that no attempt of this run has ever begun to act: a yes to this plan that one has used
    up, and was killed then, counts on.
    """
    if action not in target.approvals.approve:
        return None
    now = clock()
    asked = {"run": run, "digest": digest}
    try:
        if nothing_done and (used := find_approval_in_use(bucket, target, **asked, action=action, now=now)):
            write_audit(bucket, target, now, _word(used, "gone-on-with"), {**used.facts(), "now": now.isoformat()})
            return used
        approval = consume_approval(bucket, target, **asked, action=action, now=now)
    except ApprovalMissing as error:
        write_audit(bucket, target, now, "approval-refused", {**asked, "for": action, "reason": error.what})
        raise
    write_audit(bucket, target, now, _word(approval, "consumed"), {**approval.facts(), "consumed": now.isoformat()})
    return approval


def _word(approval: Approval, outcome: str) -> str:
    return f"{'BREAK-GLASS-' if approval.break_glass else ''}approval-{outcome}"


def require_used_approval(bucket: Bucket, target: Target, *, run: str, action: str, digest: str) -> None:
    """Raise ApprovalMissing where an earlier attempt of that run has not used up a yes to this very plan.

    For who goes on with what such an attempt has begun. Does nothing where the target's file asks for no yes.
    """
    if action in target.approvals.approve and not is_used_for(bucket, target, run=run, action=action, digest=digest):
        raise ApprovalMissing(
            f"The record of the run {run} says that its {action} of {target.name} has begun, but no yes to it was "
            "ever used: somebody has edited the record, or the target has only required a yes since then.",
            "Nothing was done. Start a new run, and have its plan approved.",
        )


def give_back(
    bucket: Bucket, target: Target, *, run: str, action: str, clock: Callable[[], datetime], reason: str
) -> bool:
    """Give the yes back that ``require_approval`` has used up: what it was for has failed, and has changed nothing.

    The next attempt of the same run finds it, by all its rules. The answer is whether there was one. Raises
    BucketError, and then it stays used up.
    """
    if not is_used_up(bucket, target, run=run, action=action):
        return False
    now = clock()
    # On record first: what the yes allows once more must never be without its entry in the audit.
    write_audit(bucket, target, now, "approval-returned", {"run": run, "for": action, "reason": reason})
    give_approval_back(bucket, target, run=run, action=action, now=now)
    return True
