"""Approvals in the bucket, where no user of Airflow can write: the plan as it was shown, answers, their consumption.

- ``approvals/<run>-<digest>.plan.md`` by the plan's task, and ``.stake.json``, which says in short what a yes does;
- ``approvals/<run>-<action>.json``, the answer of this run, yes or no: conditional create. Where it was a yes that
  counts no longer, unused, the run may be asked once more, and ``.answer-2.json`` counts instead, and so on: the last;
- ``approvals/<run>-<action>.consumed.json`` by the task that acts upon it: conditional create;
- ``approvals/<run>-<action>.returned.json`` by the same task, where it knows that its act has changed nothing. The next
  attempt creates ``.consumed-2.json``, and so on: of all of them, at most one is not returned;
- ``approvals/<run>-<action>.ended.json`` where a no came after the yes: whoever was to act upon that goes on no more.

Nothing is overwritten or deleted, which the key that writes may not.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from itertools import count
from uuid import uuid4

from dbops.domain.approvals.approval import Approval, Rejection, read_answer
from dbops.domain.approvals.rules import may_ask_again, why_void
from dbops.domain.backups.key_part import key_part
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.words.stake import NO_STAKE, Stake, read_stake, stake_to_json
from dbops.errors import ApprovalMissing, ObjectExists, ObjectMissing
from dbops.gateways.store.bucket import Bucket

_NEW_RUN = "Nothing was done. Start a new run, and have its plan approved."
_USED = (
    "Nothing was done now. A run is not asked again once its yes was used, also where the attempt that used it was cut "
    "off: start a new run, and have its plan approved."
)
_ASK_AGAIN = "Nothing was done. To be asked again, clear the task that asks; about another plan, start a new run."


def record_plan(
    bucket: Bucket, target: Target, *, run: str, digest: str, markdown: str, stake: Stake = NO_STAKE
) -> None:
    """Keep the plan of that run as people will be shown it; raises BucketError. Made again, it replaces itself.

    ``stake`` is what it says first, for the mail that asks.
    """
    if stake:
        bucket.put(_stake_key(target, run, digest), stake_to_json(stake))
    bucket.put(_plan_key(target, run, digest), markdown.encode())


def find_stake(bucket: Bucket, target: Target, *, run: str, digest: str) -> Stake:
    """What the plan of that run says in short that a yes does; empty where it does not. Raises BucketError."""
    try:
        return read_stake(bucket.get(_stake_key(target, run, digest)))
    except ObjectMissing:
        return NO_STAKE


def read_plan(bucket: Bucket, target: Target, *, run: str, digest: str) -> str:
    """The plan of that run as markdown; raises ApprovalMissing where it made none of that digest, or it is no text."""
    key = _plan_key(target, run, digest)
    try:
        return bucket.get(key).decode()
    except UnicodeDecodeError:
        raise ApprovalMissing(f"s3://{bucket.name}/{key} is not a plan that can be read.", _NEW_RUN) from None
    except ObjectMissing:
        raise ApprovalMissing(
            f"The run {run} made no plan {digest} for {target.name}, so nobody can be asked about it.", _NEW_RUN
        ) from None


def record_approval(bucket: Bucket, target: Target, answer: Approval | Rejection) -> None:
    """Write the answer of its run and action; raises BucketError, and ApprovalMissing as ``number_of_next_answer``."""
    run, action, digest, now = answer.run, answer.action, answer.digest, answer.answered
    number = number_of_next_answer(bucket, target, run=run, action=action, digest=digest, now=now)
    try:
        bucket.create(_answer_key(target, run, action, number), answer.to_json())
    except ObjectExists:
        raise _answered(target, run, action) from None


def number_of_next_answer(bucket: Bucket, target: Target, *, run: str, action: str, digest: str, now: datetime) -> int:
    """The number of the answer that may still be given to the plan of that digest.

    Raises ApprovalMissing where there is none to give: the run has had a no, a yes that counts, or one that was used.
    """
    answers = _answers(bucket, target, run, action)
    if answers and (
        not may_ask_again(answers[-1], target, run=run, action=action, digest=digest, now=now)
        or is_used_up(bucket, target, run=run, action=action)
    ):
        raise _answered(target, run, action)
    return len(answers) + 1


def find_unused_approval(
    bucket: Bucket, target: Target, *, run: str, action: str, digest: str, now: datetime
) -> Approval | None:
    """The yes to that plan of that run that counts now and was not used; None where there is none. Raises BucketError.

    A look and no promise: who acts consumes it.
    """
    try:
        approval = _yes_to(bucket, target, run=run, action=action, digest=digest, now=now)
    except ApprovalMissing:
        return None
    return None if is_used_up(bucket, target, run=run, action=action) else approval


def consume_approval(bucket: Bucket, target: Target, *, run: str, action: str, digest: str, now: datetime) -> Approval:
    """Use up the yes to that plan of that run; raises BucketError, and ApprovalMissing where there is none that counts.

    That is: nobody answered, or with no; to another plan; too long ago; not somebody who may; or it has been used up.
    """
    answer = _yes_to(bucket, target, run=run, action=action, digest=digest, now=now)
    # The mark tells our own request, which the bucket may send twice, from that of another process in the same second.
    used = json.dumps({"digest": digest, "consumed": now.isoformat(), "mark": uuid4().hex}, indent=1)
    attempt = _attempt(bucket, target, run, action)
    try:
        bucket.create(_consumed_key(target, run, action, attempt), used.encode())
    except ObjectExists:
        raise ApprovalMissing(
            f"The approval by {answer.answered_by} for the {action} of {target.name} in the run {run} has already "
            "been used: it counts only once.",
            _USED,
        ) from None
    return answer


def find_approval_in_use(
    bucket: Bucket, target: Target, *, run: str, action: str, digest: str, now: datetime
) -> Approval | None:
    """The yes to that plan of that run that an attempt has used up, and not given back, nor a no has followed.

    None where there is none. Raises BucketError, and ApprovalMissing where by all rules it counts no longer now.
    """
    if not is_used_for(bucket, target, run=run, action=action, digest=digest):
        return None
    if _exists(bucket, _ended_key(target, run, action)):
        return None
    return _yes_to(bucket, target, run=run, action=action, digest=digest, now=now)


def _yes_to(bucket: Bucket, target: Target, *, run: str, action: str, digest: str, now: datetime) -> Approval:
    """The yes to that plan of that run, used up or not; raises ApprovalMissing where there is none that counts."""
    subject = f"{action} of {target.name} in the run {run}"
    answers = _answers(bucket, target, run, action)
    if not answers:
        raise ApprovalMissing(f"Nobody has approved the {subject}.", _NEW_RUN)
    answer = answers[-1]
    if isinstance(answer, Rejection):
        raise ApprovalMissing(f"The {subject} was REJECTED: {answer.reason}.", _NEW_RUN)
    void = why_void(answer, target, run=run, action=action, digest=digest, now=now)
    if void is not None:
        raise ApprovalMissing(f"The approval by {answer.answered_by} does not allow the {subject}: {void}.", _ASK_AGAIN)
    return answer


def _answers(bucket: Bucket, target: Target, run: str, action: str) -> list[Approval | Rejection]:
    """All that were given, the first one first; raises ApprovalMissing where one cannot be read."""
    answers: list[Approval | Rejection] = []
    while True:
        key = _answer_key(target, run, action, len(answers) + 1)
        try:
            answers.append(read_answer(bucket.get(key)))
        except ObjectMissing:
            return answers
        except ValueError:
            raise ApprovalMissing(f"s3://{bucket.name}/{key} is not an answer that can be read.", _NEW_RUN) from None


def is_used_up(bucket: Bucket, target: Target, *, run: str, action: str) -> bool:
    """Whether an attempt of that run has used its yes up, and not given it back."""
    return _exists(bucket, _consumed_key(target, run, action, _attempt(bucket, target, run, action)))


def is_used_for(bucket: Bucket, target: Target, *, run: str, action: str, digest: str) -> bool:
    """Whether an attempt of that run has used up its yes to that very plan, and not given it back."""
    try:
        used = json.loads(bucket.get(_consumed_key(target, run, action, _attempt(bucket, target, run, action))))
    except (ObjectMissing, ValueError):
        return False
    return isinstance(used, dict) and used.get("digest") == digest


def end_approval(bucket: Bucket, target: Target, *, run: str, action: str, now: datetime) -> None:
    """Let no attempt go on with a yes of that run: there is a no as well. Raises BucketError."""
    with suppress(ObjectExists):
        bucket.create(_ended_key(target, run, action), json.dumps({"ended": now.isoformat()}).encode())


def give_approval_back(bucket: Bucket, target: Target, *, run: str, action: str, now: datetime) -> None:
    """Let the yes that the caller has used up count again, as long as it is valid; raises BucketError.

    Only for who has used it up, and knows that nothing was changed.
    """
    attempt = _attempt(bucket, target, run, action)
    bucket.create(_returned_key(target, run, action, attempt), json.dumps({"returned": now.isoformat()}).encode())


def _attempt(bucket: Bucket, target: Target, run: str, action: str) -> int:
    """The number of the attempt that was not given back: the one that is at work, or the next."""
    return next(one for one in count(1) if not _exists(bucket, _returned_key(target, run, action, one)))


def _exists(bucket: Bucket, key: str) -> bool:
    try:
        bucket.get(key)
    except ObjectMissing:
        return False
    return True


def _answered(target: Target, run: str, action: str) -> ApprovalMissing:
    return ApprovalMissing(
        f"The run {run} has had its answer to the {action} of {target.name}: it is asked again only where that was a "
        "yes which counts no longer, and was not used.",
        _NEW_RUN,
    )


def _plan_key(target: Target, run: str, digest: str) -> str:
    return f"{_stem(target, run, digest)}.plan.md"


def _stake_key(target: Target, run: str, digest: str) -> str:
    return f"{_stem(target, run, digest)}.stake.json"


def _answer_key(target: Target, run: str, action: str, number: int = 1) -> str:
    return f"{_stem(target, run, action)}{'' if number == 1 else f'.answer-{number}'}.json"


def _consumed_key(target: Target, run: str, action: str, attempt: int) -> str:
    return f"{_stem(target, run, action)}.consumed{_number(attempt)}.json"


def _returned_key(target: Target, run: str, action: str, attempt: int) -> str:
    return f"{_stem(target, run, action)}.returned{_number(attempt)}.json"


def _ended_key(target: Target, run: str, action: str) -> str:
    return f"{_stem(target, run, action)}.ended.json"


def _number(attempt: int) -> str:
    return "" if attempt == 1 else f"-{attempt}"


def _stem(target: Target, run: str, word: str) -> str:
    # Only the run keeps its hyphens: the last one is always ours.
    return f"{Layout(target.root).approvals}{key_part(run, keep='-')}-{key_part(word)}"
