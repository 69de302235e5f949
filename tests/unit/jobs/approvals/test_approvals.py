"""ask_approval, answer_approval, require_approval: what is written, in which order, and what a broken store changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.approvals.approval import Answer, Question
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.words.ended import Ended
from dbops.errors import ApprovalMissing, BucketError
from dbops.gateways.store.approvals import consume_approval, record_plan
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.migration_records import put_migration, read_migration
from dbops.gateways.store.restores import put_restore, read_restore
from dbops.gateways.store.working_holds import working_holds
from dbops.jobs.approvals.answer_approval import answer_approval
from dbops.jobs.approvals.ask_approval import ask_approval
from dbops.jobs.approvals.require_approval import give_back, require_approval
from tests.unit.restores import RESTORED
from tests.unit.restores import record as restore
from tests.unit.samples import NOW, Clock, target

DIGEST = "d" * 64
SHOP = target(approvals={"four_eyes": True, "approvers": ["alice", "bob"]})
QUESTION = Question(
    target="shop", action="swap", digest=DIGEST, run="manual__1", requested_by="alice", requested=NOW, asked=NOW
)
GLASS = replace(QUESTION, break_glass=True, break_glass_reason="bob is on a plane")
YES = Answer(options=("Approve",), by=("bob", "bob"), answered=NOW, typed_name="shop", reason="ticket 4711")
NO = replace(YES, options=("Reject",), reason="not today")


class ReadOnlyBucket(InMemoryBucket):
    """Takes nothing new once it is ``full``."""

    full = False

    def create(self, key: str, body: bytes) -> None:
        if self.full:
            raise BucketError("The store is full.")
        super().create(key, body)


@pytest.fixture
def bucket() -> ReadOnlyBucket:
    bucket = ReadOnlyBucket("vault", Clock())
    record_plan(bucket, SHOP, run="manual__1", digest=DIGEST, markdown="# The plan")
    return bucket


def answer(bucket: InMemoryBucket, given: Answer = YES, question: Question = QUESTION) -> Any:
    return answer_approval(question, given, SHOP, bucket, clock=Clock())


def require(
    bucket: InMemoryBucket,
    by: Any = SHOP,
    *,
    later: timedelta = timedelta(),
    digest: str = DIGEST,
    nothing_done: bool = False,
) -> Any:
    clock = Clock(NOW + later)
    return require_approval(
        bucket, by, run="manual__1", action="swap", digest=digest, clock=clock, nothing_done=nothing_done
    )


def audit(bucket: InMemoryBucket) -> dict[str, Any]:
    found = [(stored.key, json.loads(bucket.get(stored.key))) for stored in bucket.list("team/shop/audit/")]
    return {content["action"]: content for _, content in found}


def test_asking_shows_the_plan_of_the_bucket_and_is_on_record(bucket: ReadOnlyBucket) -> None:
    assert ask_approval(QUESTION, SHOP, bucket) == "# The plan"
    asked = audit(bucket)["approval-asked"]
    assert (asked["for"], asked["requested_by"], asked["digest"], asked["run"]) == (
        "swap", "alice", DIGEST, "manual__1"
    )  # fmt: skip


def test_a_question_that_was_not_answered_can_be_asked_again(bucket: ReadOnlyBucket) -> None:
    ask_approval(QUESTION, SHOP, bucket)
    assert ask_approval(QUESTION, SHOP, bucket) == "# The plan"


def test_a_question_with_a_yes_that_counts_is_not_asked_again(bucket: ReadOnlyBucket) -> None:
    ask_approval(QUESTION, SHOP, bucket)
    answer(bucket)
    with pytest.raises(ApprovalMissing, match="has had its answer"):
        ask_approval(QUESTION, SHOP, bucket)


def test_a_yes_to_a_plan_that_has_changed_is_asked_for_again_and_the_new_one_counts(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    other = replace(QUESTION, digest="e" * 64)
    record_plan(bucket, SHOP, run="manual__1", digest=other.digest, markdown="# The plan as it is now")
    assert ask_approval(other, SHOP, bucket) == "# The plan as it is now"
    again = answer(bucket, replace(YES, reason="seen again"), other)
    with pytest.raises(ApprovalMissing, match="the plan has changed"):
        require(bucket)
    assert require(bucket, digest=other.digest) == again


def test_a_no_ends_the_run_whatever_its_plan_is_later(bucket: ReadOnlyBucket) -> None:
    with pytest.raises(ApprovalMissing):
        answer(bucket, NO)
    with pytest.raises(ApprovalMissing, match="has had its answer"):
        ask_approval(replace(QUESTION, digest="e" * 64), SHOP, bucket)


def test_a_no_to_the_plan_as_it_is_now_ends_the_yes_to_the_one_before(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    with pytest.raises(ApprovalMissing, match="REJECTED"):
        answer(bucket, NO, replace(QUESTION, digest="e" * 64))
    with pytest.raises(ApprovalMissing, match="was REJECTED: bob said no"):
        require(bucket)


def test_a_run_that_is_asked_anew_while_its_first_yes_is_written_down_has_one_yes(bucket: ReadOnlyBucket) -> None:
    ask_approval(QUESTION, SHOP, bucket)
    ask_approval(QUESTION, SHOP, bucket)
    first = answer(bucket)
    assert answer(bucket, replace(YES, by=("alice", "alice")), replace(QUESTION, requested_by="carol")) == first
    assert require(bucket) == first
    with pytest.raises(ApprovalMissing, match="has had its answer"):
        answer(bucket)


def test_a_no_to_a_run_that_is_asked_anew_ends_the_yes_that_was_written_down_meanwhile(bucket: ReadOnlyBucket) -> None:
    ask_approval(QUESTION, SHOP, bucket)
    ask_approval(QUESTION, SHOP, bucket)
    answer(bucket)
    with pytest.raises(ApprovalMissing, match=r"^REJECTED: .*: bob said no: not today"):
        answer(bucket, NO)
    assert audit(bucket)["approval-rejected"]["reason"] == "bob said no: not today"
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)


@pytest.mark.parametrize("given", [YES, NO])
def test_no_answer_undoes_a_no(bucket: ReadOnlyBucket, given: Answer) -> None:
    with pytest.raises(ApprovalMissing):
        answer(bucket, NO)
    with pytest.raises(ApprovalMissing):
        answer(bucket, given)
    with pytest.raises(ApprovalMissing, match="was REJECTED: bob said no"):
        require(bucket)


def test_what_nobody_could_approve_is_asked_of_nobody(bucket: ReadOnlyBucket) -> None:
    with pytest.raises(ApprovalMissing, match="REJECTED before anybody was asked"):
        ask_approval(replace(QUESTION, requested_by=None), SHOP, bucket)
    assert "not known who asked" in audit(bucket)["approval-rejected"]["reason"]


def test_a_yes_is_on_record_and_allows_the_action_once(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    assert audit(bucket)["approval-approved"]["answered_by"] == "bob"
    assert require(bucket).reason == "ticket 4711"
    used = audit(bucket)["approval-consumed"]
    assert (used["answered_by"], used["requested_by"], used["consumed"]) == ("bob", "alice", NOW.isoformat())
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)
    assert "already been used" in audit(bucket)["approval-refused"]["reason"]


def test_a_no_says_rejected_and_is_on_record(bucket: ReadOnlyBucket) -> None:
    with pytest.raises(ApprovalMissing, match=r"^REJECTED: the swap of shop does not take place: bob said no"):
        answer(bucket, NO)
    assert audit(bucket)["approval-rejected"]["reason"] == "bob said no: not today"
    with pytest.raises(ApprovalMissing, match="REJECTED"):
        require(bucket)


def test_a_yes_that_cannot_be_put_on_record_is_none(bucket: ReadOnlyBucket) -> None:
    bucket.full = True
    with pytest.raises(BucketError):
        answer(bucket)
    bucket.full = False
    with pytest.raises(ApprovalMissing, match="Nobody has approved"):
        require(bucket)


def test_a_no_is_a_no_also_where_it_cannot_be_put_on_record(bucket: ReadOnlyBucket) -> None:
    bucket.full = True
    with pytest.raises(ApprovalMissing, match=r"REJECTED.*missing from the audit: The store is full"):
        answer(bucket, NO)


def test_a_use_that_cannot_be_put_on_record_does_not_act_and_is_spent(
    bucket: ReadOnlyBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(bucket)

    def consume(*arguments: Any, **options: Any) -> Any:
        used = consume_approval(*arguments, **options)
        bucket.full = True
        return used

    monkeypatch.setattr("dbops.jobs.approvals.require_approval.consume_approval", consume)
    with pytest.raises(BucketError):
        require(bucket)
    bucket.full = False
    monkeypatch.undo()
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)


def returned(bucket: ReadOnlyBucket) -> bool:
    return give_back(bucket, SHOP, run="manual__1", action="swap", clock=Clock(), reason="a client held a lock")


def test_what_is_given_back_is_on_record_and_counts_again_as_long_as_it_would_have(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    require(bucket)
    assert returned(bucket)
    assert audit(bucket)["approval-returned"]["reason"] == "a client held a lock"
    with pytest.raises(ApprovalMissing, match="too old by now"):
        require(bucket, later=SHOP.approvals.valid_for)
    with pytest.raises(ApprovalMissing, match="not among the approvers"):
        require(bucket, target(approvals={"four_eyes": True, "approvers": ["alice", "carol"]}))
    assert require(bucket).reason == "ticket 4711"


def test_who_knows_that_nothing_was_done_goes_on_with_the_yes_that_was_used(bucket: ReadOnlyBucket) -> None:
    with pytest.raises(ApprovalMissing, match="Nobody has approved"):
        require(bucket, nothing_done=True)
    answer(bucket)
    assert require(bucket, nothing_done=True) == require(bucket, nothing_done=True)
    assert audit(bucket)["approval-gone-on-with"]["answered_by"] == "bob"
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)
    with pytest.raises(ApprovalMissing, match="the plan has changed"):
        require(bucket, digest="e" * 64, nothing_done=True)
    with pytest.raises(ApprovalMissing, match="too old by now"):
        require(bucket, later=SHOP.approvals.valid_for, nothing_done=True)
    stricter = target(approvals={"four_eyes": True, "approvers": ["alice", "carol"]})
    with pytest.raises(ApprovalMissing, match="not among the approvers"):
        require(bucket, stricter, nothing_done=True)


@pytest.mark.parametrize("is_used", [True, False])
def test_nobody_goes_on_with_a_yes_that_a_no_has_followed(bucket: ReadOnlyBucket, is_used: bool) -> None:
    ask_approval(QUESTION, SHOP, bucket)
    ask_approval(QUESTION, SHOP, bucket)  # as a scheduler does that has died while an answer was judged
    answer(bucket)
    if is_used:
        require(bucket)
    with pytest.raises(ApprovalMissing, match=r"^REJECTED: .*: bob said no: not today"):
        answer(bucket, NO)
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket, nothing_done=True)


def test_a_yes_that_was_given_back_is_used_up_again_before_anything_is_done(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    require(bucket)
    returned(bucket)
    require(bucket, nothing_done=True)
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)


def test_what_nobody_has_used_up_is_not_given_back(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    assert not returned(bucket)
    assert "approval-returned" not in audit(bucket)
    require(bucket)
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)


def test_what_cannot_be_given_back_stays_used_up(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    require(bucket)
    bucket.full = True
    with pytest.raises(BucketError):
        returned(bucket)
    bucket.full = False
    with pytest.raises(ApprovalMissing, match="already been used"):
        require(bucket)


def test_what_the_file_asks_no_approval_for_needs_none_and_uses_none(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    assert require(bucket, target(approvals={"approve": []})) is None
    assert require(bucket) is not None


def test_a_changed_plan_or_an_old_yes_is_refused_and_on_record(bucket: ReadOnlyBucket) -> None:
    answer(bucket)
    with pytest.raises(ApprovalMissing, match="the plan has changed"):
        require(bucket, digest="e" * 64)
    assert "the plan has changed" in audit(bucket)["approval-refused"]["reason"]
    with pytest.raises(ApprovalMissing, match="too old"):
        require(bucket, later=timedelta(hours=4))


def test_a_broken_glass_stands_out_in_the_audit(bucket: ReadOnlyBucket) -> None:
    ask_approval(GLASS, SHOP, bucket)
    answer(bucket, replace(YES, by=("alice", "alice")), GLASS)
    require(bucket)
    assert list(audit(bucket)) == [f"BREAK-GLASS-approval-{word}" for word in ("approved", "asked", "consumed")]
    assert audit(bucket)["BREAK-GLASS-approval-consumed"]["break_glass_reason"] == "bob is on a plane"


def kept(bucket: InMemoryBucket, **changed: Any) -> RestoreRecord:
    """What the run has loaded and verified, for a swap."""
    told = {"state": RestoreState.VERIFIED, "oid": 222, "loaded_bytes": 3 * 2**30, **changed}
    return put_restore(bucket, SHOP, restore(**told))


def test_a_rejected_swap_says_what_stays_with_its_size_and_every_way_on_and_its_record_says_who_and_why(
    bucket: ReadOnlyBucket,
) -> None:
    before = kept(bucket)
    with pytest.raises(ApprovalMissing) as refusal:
        answer(bucket, NO)
    assert "Nothing was done" not in str(refusal.value)
    assert f"stays on the server: {RESTORED}, 3.0 GiB." in refusal.value.remedy
    assert f'DROP DATABASE "{RESTORED}";' in refusal.value.remedy
    assert "start a new run" in refusal.value.remedy
    assert "docs/runbooks/restore-by-hand.md, step 9" in refusal.value.remedy
    ended = Ended(word="rejected", why="bob said no: not today", when=NOW, by="bob")
    assert read_restore(bucket, SHOP, "manual__1") == replace(before, ended=ended), "what was proven stays on record"


def test_silence_is_told_in_the_same_way(bucket: ReadOnlyBucket) -> None:
    kept(bucket)
    with pytest.raises(ApprovalMissing, match=f"stays on the server: {RESTORED}"):
        answer(bucket, Answer(options=("Reject",), by=None, answered=NOW, timed_out=True))
    ended = read_restore(bucket, SHOP, "manual__1").ended
    assert ended is not None
    assert (ended.word, ended.by, ended.why) == ("rejected", None, "nobody answered within 1d")


def test_a_swap_that_nobody_could_approve_is_told_in_the_same_way_and_goes_on_once_somebody_could(
    bucket: ReadOnlyBucket,
) -> None:
    before = kept(bucket)
    with pytest.raises(ApprovalMissing, match=f"stays on the server: {RESTORED}"):
        ask_approval(replace(QUESTION, requested_by=None), SHOP, bucket)
    assert read_restore(bucket, SHOP, "manual__1").came_to == "rejected"
    ask_approval(QUESTION, SHOP, bucket)
    assert read_restore(bucket, SHOP, "manual__1") == before


def test_the_backup_of_a_rejected_swap_is_held_as_long_as_a_new_run_may_well_want_its_copy(
    bucket: ReadOnlyBucket,
) -> None:
    kept(bucket)
    [waiting] = working_holds(bucket, SHOP, NOW)
    with pytest.raises(ApprovalMissing):
        answer(bucket, NO)
    [rejected] = working_holds(bucket, SHOP, NOW)
    assert (rejected.until, waiting.until) == (NOW + timedelta(days=7), NOW + timedelta(days=8))


def test_the_backup_of_a_rejected_load_is_held_no_longer(bucket: ReadOnlyBucket) -> None:
    kept(bucket, state=RestoreState.PLANNED)
    assert working_holds(bucket, SHOP, NOW)
    with pytest.raises(ApprovalMissing):
        answer(bucket, NO, replace(QUESTION, action="restore"))
    assert working_holds(bucket, SHOP, NOW) == ()


def test_a_rejected_load_has_left_nothing_and_says_so(bucket: ReadOnlyBucket) -> None:
    kept(bucket, state=RestoreState.PLANNED)
    with pytest.raises(ApprovalMissing, match=r"Nothing was done\. If you still want it, start a new run\."):
        answer(bucket, NO, replace(QUESTION, action="restore"))
    assert read_restore(bucket, SHOP, "manual__1").came_to == "rejected"


def test_a_rejected_migration_says_so_in_words_and_on_its_record(bucket: ReadOnlyBucket) -> None:
    put_migration(bucket, SHOP, MigrationRecord(target="shop", run="manual__1", digest=DIGEST, planned=NOW))
    with pytest.raises(ApprovalMissing, match=r"^REJECTED: the migration of shop does not take place"):
        answer(bucket, NO, replace(QUESTION, action="migrate"))
    assert read_migration(bucket, SHOP, "manual__1").came_to == "rejected"


def test_the_record_of_what_is_done_already_is_left_alone(bucket: ReadOnlyBucket) -> None:
    """Somebody acts upon the yes that another worker has judged: that act writes the record."""
    before = kept(bucket)
    answer(bucket)
    require(bucket)
    with pytest.raises(ApprovalMissing, match="REJECTED"):
        answer(bucket, NO)
    assert read_restore(bucket, SHOP, "manual__1") == before


def test_a_no_is_a_no_also_where_its_record_cannot_say_so(
    bucket: ReadOnlyBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(bucket)
    put = bucket.put

    def choosy(key: str, body: bytes) -> None:
        if "/restores/" in key:
            raise BucketError(f"{key} is not taken.")
        put(key, body)

    monkeypatch.setattr(bucket, "put", choosy)
    with pytest.raises(ApprovalMissing, match=r"^REJECTED.*The record of the run does not say so: .* is not taken"):
        answer(bucket, NO)
