"""Approval rules: who may say yes to what, for how long it counts, and why not. docs/approvals.md explains each rule.

People are compared by what Airflow knows of them: an id and a name for who answers, a name for who asked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from dbops.domain.approvals.approval import Answer, Approval, Question, Rejection, short_digest
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_duration

APPROVE = "Approve"
REJECT = "Reject"

_REQUEST_STANDS = timedelta(days=7)
_CLOCKS_APART = timedelta(minutes=5)
_SHORTEST = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(days=3650)  # beyond which the calendar may end


def why_not_ask(question: Question, target: Target, now: datetime) -> str | None:
    """Why no answer to this question could count, so that nobody is asked; None where one could."""
    approvers = target.approvals.approvers
    if question.break_glass:
        return _why_no_break_glass(question, approvers)
    if not target.needs_four_eyes:
        return None
    if not question.requested_by:
        return f"it is not known who asked for it, and {target.name} needs two people: start a run by hand"
    if now - question.requested >= _REQUEST_STANDS:
        return (
            f"it was asked for {format_duration(now - question.requested)} ago: if you still want it, start a new run"
        )
    if approvers and not possible_approvers(question, target):
        return f"{question.requested_by} asked for it and is its only approver: name another under approvals.approvers"
    return None


def possible_approvers(question: Question, target: Target) -> tuple[str, ...]:
    """Whom the server may let answer; empty where the target names no approvers: then anyone Airflow allows answer."""
    if question.break_glass or not target.needs_four_eyes:
        return target.approvals.approvers
    return tuple(name for name in target.approvals.approvers if not _is_same(name, question.requested_by))


def why_set_aside(question: Question, answer: Answer, target: Target, now: datetime) -> str | None:
    """Why this Approve is neither a yes nor a no, so that the question stands; None where it is to be judged.

    That is: the name is not the target's, or it is of somebody who may not approve. Once the time to answer is over,
    everything is judged.
    """
    if answer.timed_out or answer.by is None or answer.options != (APPROVE,) or question.target != target.name:
        return None
    if time_left(question, target, now) is None or why_not_ask(question, target, now):
        return None
    return _why_not_typed(answer, answer.by[1], target) or _why_not_by(answer.by, question, target)


def time_left(question: Question, target: Target, now: datetime) -> timedelta | None:
    """How long the question stands from now on; None where that is too short for another answer."""
    left = question.asked + min(target.approvals.wait, _LONGEST_WAIT) - now
    return left if left >= _SHORTEST else None


def judge(question: Question, answer: Answer, target: Target, now: datetime) -> Approval | Rejection:
    """Whether this answer to this question counts as a yes, by the target's rules as they are now."""
    reason = _why_no(question, answer, target, now)
    if reason is not None or answer.by is None:
        return Rejection(
            target=question.target,
            action=question.action,
            digest=question.digest,
            run=question.run,
            requested_by=question.requested_by,
            answered_by=answer.by[1] if answer.by else None,
            answered=answer.answered,
            reason=reason or "it is not known who answered",
            break_glass=question.break_glass,
        )
    return Approval(
        target=question.target,
        action=question.action,
        digest=question.digest,
        run=question.run,
        requested_by=question.requested_by,
        requested=question.requested,
        answered_by=answer.by[1],
        answered_by_id=answer.by[0],
        answered=answer.answered,
        valid_until=answer.answered + target.approvals.valid_for,
        reason=answer.reason,
        break_glass=question.break_glass,
        break_glass_reason=question.break_glass_reason,
    )


def may_ask_again(
    last: Approval | Rejection, target: Target, *, run: str, action: str, digest: str, now: datetime
) -> bool:
    """Whether that run may be asked about the plan of that digest though it has had this answer, which was not used.

    A no ends it, whatever it was about. A yes that still counts needs no other; one that counts no longer may be given
    again by those who may.
    """
    if isinstance(last, Rejection):
        return False
    return why_void(last, target, run=run, action=action, digest=digest, now=now) is not None


def why_void(approval: Approval, target: Target, *, run: str, action: str, digest: str, now: datetime) -> str | None:
    """Why this yes does not allow that action of that run now; None where it does. The rules are those of now."""
    if (approval.target, approval.action, approval.run) != (target.name, action, run):
        return f"it is for {approval.action} of {approval.target} in the run {approval.run}"
    if approval.digest != digest:
        approved, now_planned = short_digest(approval.digest), short_digest(digest)
        return f"the plan has changed: {approved} was approved, and what would be done now is {now_planned}"
    valid_until = min(approval.valid_until, approval.answered + target.approvals.valid_for)
    if now >= valid_until:
        return f"it counted until {valid_until:%Y-%m-%d %H:%M:%S} UTC, and is too old by now"
    if approval.answered - now > _CLOCKS_APART:
        return f"it is dated in the future, {approval.answered:%Y-%m-%d %H:%M:%S} UTC: look at the machines' clocks"
    return _why_not_by((approval.answered_by_id, approval.answered_by), approval, target)


def _why_no(question: Question, answer: Answer, target: Target, now: datetime) -> str | None:
    if answer.timed_out:
        return f"nobody answered within {format_duration(target.approvals.wait)}"
    if answer.by is None:
        return "it is not known who answered"
    if answer.options == (REJECT,):
        return f"{answer.by[1]} said no" + (f": {answer.reason}" if answer.reason else "")
    if answer.options != (APPROVE,):
        return f"the answer of {answer.by[1]} is neither {APPROVE} nor {REJECT}"
    return (
        _why_not_this(question, answer, answer.by[1], target, now)
        or why_not_ask(question, target, now)
        or _why_not_by(answer.by, question, target)
    )


def _why_not_this(question: Question, answer: Answer, name: str, target: Target, now: datetime) -> str | None:
    if question.target != target.name:
        return f"it is about {question.target}, not {target.name}"
    if answer.answered < question.asked - _CLOCKS_APART:
        return f"the answer of {name} is older than the question"
    if now - answer.answered >= target.approvals.valid_for:
        return f"the answer of {name} arrived too late: it counted {format_duration(target.approvals.valid_for)}"
    return _why_not_typed(answer, name, target)


def _why_not_typed(answer: Answer, name: str, target: Target) -> str | None:
    if answer.typed_name != target.name:
        return (
            f"{name} chose {APPROVE} without typing the name of the target, {target.name}; "
            f'an answer by API carries it as params_input: {{"target_name": "{target.name}"}}'
        )
    return None


def _why_not_by(by: tuple[str, str], asked: Question | Approval, target: Target) -> str | None:
    approvers = target.approvals.approvers
    if approvers and not set(by).intersection(approvers):
        return f"{by[1]} is not among the approvers of {target.name}"
    if asked.break_glass:
        return _why_no_break_glass(asked, approvers)
    if target.needs_four_eyes and (not asked.requested_by or any(_is_same(asked.requested_by, who) for who in by)):
        asker = f"{by[1]} asked for it" if asked.requested_by else "it is not known who asked for it"
        return f"{asker}, and {target.name} needs two people"
    return None


def _why_no_break_glass(asked: Question | Approval, approvers: Collection[str]) -> str | None:
    if not asked.break_glass_reason.strip():
        return "break_glass needs a reason: give it in break_glass_reason"
    if asked.requested_by not in approvers:
        return f"break_glass is for those under approvals.approvers, and {asked.requested_by or 'nobody known'} is not"
    return None


def _is_same(name: str, other: str | None) -> bool:
    # Some user directories do not tell Alice from alice.
    return other is not None and name.casefold() == other.casefold()
