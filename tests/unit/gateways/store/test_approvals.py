"""Approvals in the bucket: one answer of a run that counts, used up once, and no key that two runs could share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.approvals.approval import Approval, Rejection
from dbops.errors import ApprovalMissing
from dbops.gateways.store.approvals import (
    _answer_key,
    consume_approval,
    find_stake,
    find_unused_approval,
    give_approval_back,
    is_used_up,
    number_of_next_answer,
    read_plan,
    record_approval,
    record_plan,
)
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.unit.samples import NOW, Clock, target

RUN = "manual__2026-11-22T12:00:00+00:00"
DIGEST = "d" * 64
OTHER = "e" * 64
SHOP = target(approvals={"four_eyes": True})
YES = Approval(
    target="shop",
    action="swap",
    digest=DIGEST,
    run=RUN,
    requested_by="alice",
    requested=NOW,
    answered_by="bob",
    answered_by_id="bob",
    answered=NOW,
    valid_until=NOW + timedelta(hours=4),
)
NO = Rejection(
    target="shop",
    action="swap",
    digest=DIGEST,
    run=RUN,
    requested_by="alice",
    answered_by="bob",
    answered=NOW,
    reason="bob said no",
)


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


def consume(bucket: InMemoryBucket, *, run: str = RUN, action: str = "swap", digest: str = DIGEST) -> Approval:
    return consume_approval(bucket, SHOP, run=run, action=action, digest=digest, now=NOW)


def test_a_yes_is_used_up_by_the_first_who_asks_for_it(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, YES)
    assert consume(bucket) == YES
    with pytest.raises(ApprovalMissing, match="has already been used: it counts only once"):
        consume(bucket)


def give_back(bucket: InMemoryBucket) -> None:
    give_approval_back(bucket, SHOP, run=RUN, action="swap", now=NOW)


def test_a_yes_that_was_given_back_counts_once_more_and_not_twice(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, YES)
    for _ in range(3):
        assert not is_used_up(bucket, SHOP, run=RUN, action="swap")
        assert consume(bucket) == YES
        assert is_used_up(bucket, SHOP, run=RUN, action="swap")
        with pytest.raises(ApprovalMissing, match="has already been used"):
            consume(bucket)
        give_back(bucket)


def test_what_was_given_back_is_to_the_same_plan_and_no_other(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, YES)
    consume(bucket)
    give_back(bucket)
    with pytest.raises(ApprovalMissing, match="the plan has changed"):
        consume(bucket, digest=OTHER)


def test_using_and_giving_back_overwrites_and_deletes_nothing() -> None:
    class OnlyCreates(InMemoryBucket):
        def delete(self, key: str) -> None:
            raise AssertionError(key)

        def put(self, key: str, body: Any) -> None:
            assert key not in self._objects
            super().put(key, body)

    bucket = OnlyCreates("vault", Clock())
    record_approval(bucket, SHOP, YES)
    for _ in range(3):
        consume(bucket)
        give_back(bucket)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_of_many_attempts_at_most_one_has_the_yes(steps: list[tuple[int, bool]]) -> None:
    """Each of some workers asks for it at any time, and gives it back only where it has it."""
    bucket = InMemoryBucket("vault", Clock())
    record_approval(bucket, SHOP, YES)
    holder: int | None = None
    for worker, gives_back in steps:
        if holder == worker and gives_back:
            give_back(bucket)
            holder = None
        elif holder is None:
            assert consume(bucket) == YES
            holder = worker
        else:
            with pytest.raises(ApprovalMissing, match="has already been used"):
                consume(bucket)


def test_without_an_answer_there_is_nothing_to_use(bucket: InMemoryBucket) -> None:
    with pytest.raises(ApprovalMissing, match="Nobody has approved the swap of shop"):
        consume(bucket)


def test_a_no_allows_nothing_and_says_so(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, NO)
    with pytest.raises(ApprovalMissing, match="was REJECTED: bob said no"):
        consume(bucket)


@pytest.mark.parametrize(("what", "value"), [("run", "manual__2"), ("action", "restore"), ("digest", OTHER)])
def test_a_yes_to_something_else_allows_nothing_and_is_not_used_up(
    bucket: InMemoryBucket, what: str, value: str
) -> None:
    record_approval(bucket, SHOP, YES)
    with pytest.raises(ApprovalMissing):
        consume(bucket, **{what: value})
    assert consume(bucket) == YES


def test_an_object_that_was_copied_to_another_runs_place_allows_nothing(bucket: InMemoryBucket) -> None:
    bucket.put(_answer_key(SHOP, "manual__2", "swap"), YES.to_json())
    with pytest.raises(ApprovalMissing, match="does not allow the swap of shop in the run manual__2"):
        consume(bucket, run="manual__2")


def test_what_cannot_be_read_allows_nothing(bucket: InMemoryBucket) -> None:
    bucket.put(_answer_key(SHOP, RUN, "swap"), b'{"approved": true}')
    with pytest.raises(ApprovalMissing, match="is not an answer that can be read"):
        consume(bucket)


def next_answer(bucket: InMemoryBucket, *, digest: str = DIGEST, later: timedelta = timedelta()) -> int:
    return number_of_next_answer(bucket, SHOP, run=RUN, action="swap", digest=digest, now=NOW + later)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (YES, YES),
        (YES, NO),
        (NO, YES),
        (NO, NO),
        (NO, replace(YES, digest=OTHER)),
        (NO, replace(YES, answered=NOW + timedelta(days=1), valid_until=NOW + timedelta(days=2))),
    ],
)
def test_a_no_and_a_yes_that_counts_are_not_followed_by_another_answer(
    bucket: InMemoryBucket, first: Approval | Rejection, second: Approval | Rejection
) -> None:
    assert next_answer(bucket) == 1
    record_approval(bucket, SHOP, first)
    with pytest.raises(ApprovalMissing, match="it is asked again only where that was a yes which counts no longer"):
        record_approval(bucket, SHOP, second)
    with pytest.raises(ApprovalMissing, match="has had its answer to the swap of shop"):
        next_answer(bucket, digest=second.digest, later=second.answered - NOW)


@pytest.mark.parametrize(
    "again",
    [
        replace(YES, digest=OTHER),
        replace(YES, answered=NOW + timedelta(hours=4), valid_until=NOW + timedelta(hours=8)),
    ],
    ids=["another plan", "too old"],
)
def test_a_yes_that_counts_no_longer_may_be_given_again_and_counts_instead(
    bucket: InMemoryBucket, again: Approval
) -> None:
    record_approval(bucket, SHOP, YES)
    record_approval(bucket, SHOP, again)

    used: dict[str, Any] = {"run": RUN, "action": "swap", "digest": again.digest, "now": again.answered}
    assert find_unused_approval(bucket, SHOP, **used) == again
    assert consume_approval(bucket, SHOP, **used) == again
    with pytest.raises(ApprovalMissing, match="has already been used"):
        consume_approval(bucket, SHOP, **used)


def test_a_yes_that_was_used_is_followed_by_no_other(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, YES)
    consume(bucket)
    for answer in (replace(YES, digest=OTHER), replace(NO, digest=OTHER)):
        with pytest.raises(ApprovalMissing, match="and was not used"):
            record_approval(bucket, SHOP, answer)
    give_back(bucket)
    assert next_answer(bucket, digest=OTHER) == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12))
def test_the_last_answer_counts_and_nothing_comes_after_a_no(answers: list[tuple[str, bool]]) -> None:
    """Whatever plans are asked about, and whatever is answered, in whichever order."""
    bucket = InMemoryBucket("vault", Clock())
    last: Approval | Rejection | None = None
    for digest, yes in answers:
        given_now = replace(YES, digest=digest) if yes else replace(NO, digest=digest)
        if last is None or (isinstance(last, Approval) and last.digest != digest):
            record_approval(bucket, SHOP, given_now)
            last = given_now
        else:
            with pytest.raises(ApprovalMissing):
                record_approval(bucket, SHOP, given_now)
        for asked in "abc":
            allowed = last if isinstance(last, Approval) and last.digest == asked else None
            assert find(bucket, digest=asked) == allowed


def test_two_actions_of_one_plan_are_two_questions(bucket: InMemoryBucket) -> None:
    restore = replace(YES, action="restore")
    record_approval(bucket, SHOP, YES)
    record_approval(bucket, SHOP, restore)
    assert consume(bucket, action="restore") == restore
    assert consume(bucket) == YES


def test_a_plan_is_shown_as_its_own_run_made_it(bucket: InMemoryBucket) -> None:
    record_plan(bucket, SHOP, run=RUN, digest=DIGEST, markdown="# größer")
    assert read_plan(bucket, SHOP, run=RUN, digest=DIGEST) == "# größer"
    for run, digest in (("manual__2", DIGEST), (RUN, "0" * 64), (RUN, "../" + DIGEST), (RUN, "")):
        with pytest.raises(ApprovalMissing, match="made no plan"):
            read_plan(bucket, SHOP, run=run, digest=digest)


def test_what_a_yes_does_lies_beside_the_plan_of_its_own_run(bucket: InMemoryBucket) -> None:
    stake = (("Rows lost", "12 rows"),)
    record_plan(bucket, SHOP, run=RUN, digest=DIGEST, markdown="# plan", stake=stake)
    assert find_stake(bucket, SHOP, run=RUN, digest=DIGEST) == stake
    for run, digest in (("manual__2", DIGEST), (RUN, "0" * 64)):
        assert find_stake(bucket, SHOP, run=run, digest=digest) == ()
    record_plan(bucket, SHOP, run="manual__3", digest=DIGEST, markdown="# plan")
    assert find_stake(bucket, SHOP, run="manual__3", digest=DIGEST) == ()


def test_a_plan_that_is_no_text_is_shown_to_nobody(bucket: InMemoryBucket) -> None:
    record_plan(bucket, SHOP, run=RUN, digest=DIGEST, markdown="# plan")
    [stored] = bucket.list("")
    bucket.put(stored.key, b"\x80")
    with pytest.raises(ApprovalMissing, match="not a plan that can be read"):
        read_plan(bucket, SHOP, run=RUN, digest=DIGEST)


_RUNS = st.text(st.sampled_from("aé:+-_./=~%2D \n"), max_size=12) | st.text("ab", min_size=150, max_size=300)


@given(_RUNS, _RUNS, st.sampled_from(["swap", "restore"]), st.sampled_from(["swap", "restore"]))
def test_two_runs_never_share_a_key_whatever_their_ids_are(one: str, other: str, first: str, second: str) -> None:
    same = (one, first) == (other, second)
    for number in (1, 2):
        assert (_answer_key(SHOP, one, first, number) == _answer_key(SHOP, other, second, number)) is same
    assert _answer_key(SHOP, one, first) != _answer_key(SHOP, other, second, 2)


@given(st.text(max_size=300), st.sampled_from(["swap", "restore"]))
def test_a_key_stays_in_the_targets_folder_and_is_short_enough(run: str, action: str) -> None:
    key = _answer_key(SHOP, run, action)
    folder, _, name = key.rpartition("/")
    assert folder == "team/shop/approvals"
    assert len(name) < 250
    assert name.isascii()


def find(bucket: InMemoryBucket, *, digest: str = DIGEST, later: timedelta = timedelta()) -> Approval | None:
    return find_unused_approval(bucket, SHOP, run=RUN, action="swap", digest=digest, now=NOW + later)


def test_a_yes_is_found_until_it_is_used(bucket: InMemoryBucket) -> None:
    assert find(bucket) is None
    record_approval(bucket, SHOP, YES)
    assert find(bucket) == YES
    consume(bucket)
    assert find(bucket) is None


def test_no_yes_is_found_that_does_not_count(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, YES)
    assert find(bucket, digest=OTHER) is None
    assert find(bucket, later=timedelta(hours=4)) is None


def test_a_no_is_not_found(bucket: InMemoryBucket) -> None:
    record_approval(bucket, SHOP, NO)
    assert find(bucket) is None
