"""The judge: whose yes counts, to what, and for how long. Each test tries to get around one rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.approvals.approval import Answer, Approval, Question, Rejection, read_answer
from dbops.domain.approvals.rules import (
    judge,
    may_ask_again,
    possible_approvers,
    time_left,
    why_not_ask,
    why_set_aside,
    why_void,
)
from tests.unit.samples import NOW, target

DIGEST = "d" * 64
HOUR = timedelta(hours=1)
QUESTION = Question(
    target="shop", action="swap", digest=DIGEST, run="manual__1", requested_by="alice", requested=NOW, asked=NOW
)
YES = Answer(options=("Approve",), by=("bob", "bob"), answered=NOW, typed_name="shop", reason="ticket 4711")
GLASS = replace(QUESTION, break_glass=True, break_glass_reason="bob is on a plane")


def shop(environment: str = "production", **rules: Any) -> Any:
    alerts = {"recipients": ["dba@shop.internal"]}
    return target(environment=environment, alerts=alerts, approvals=rules)


def rejected(question: Question = QUESTION, answer: Answer = YES, *, by: Any = None, later: timedelta = HOUR) -> str:
    """Why the judge says no; the test fails where it says yes."""
    verdict = judge(question, answer, by or shop(), NOW + later)
    assert isinstance(verdict, Rejection), verdict
    assert (verdict.target, verdict.action, verdict.digest, verdict.run) == ("shop", "swap", DIGEST, "manual__1")
    return verdict.reason


def approved(question: Question = QUESTION, answer: Answer = YES, *, by: Any = None) -> Approval:
    verdict = judge(question, answer, by or shop(), NOW)
    assert isinstance(verdict, Approval), verdict
    return verdict


def test_a_yes_of_a_second_person_with_the_name_typed_counts() -> None:
    yes = approved()
    assert (yes.target, yes.action, yes.digest, yes.run) == ("shop", "swap", DIGEST, "manual__1")
    assert (yes.requested_by, yes.answered_by, yes.reason) == ("alice", "bob", "ticket 4711")
    assert yes.valid_until == NOW + timedelta(hours=4)
    assert not yes.break_glass


def test_a_yes_tells_when_it_was_asked_for_and_when_and_by_whom_it_was_given() -> None:
    yes = approved(
        replace(QUESTION, requested=NOW - 3 * HOUR, asked=NOW - 2 * HOUR),
        replace(YES, by=("7", "bob"), answered=NOW - HOUR),
    )
    assert (yes.requested, yes.answered) == (NOW - 3 * HOUR, NOW - HOUR)
    assert (yes.answered_by_id, yes.answered_by) == ("7", "bob")
    assert (yes.break_glass, yes.break_glass_reason) == (False, "")


def test_an_audit_has_what_was_answered_with_its_action_under_another_name() -> None:
    facts = approved().facts()
    assert (facts["for"], facts["run"], facts["answered_by"], facts["approved"]) == ("swap", "manual__1", "bob", True)
    assert "action" not in facts
    assert QUESTION.facts()["for"] == "swap"


def test_a_no_tells_who_asked_and_who_answered_and_when() -> None:
    no = judge(QUESTION, replace(YES, options=("Reject",), by=("7", "bob"), answered=NOW - HOUR), shop(), NOW)
    assert isinstance(no, Rejection)
    assert (no.requested_by, no.answered_by, no.answered) == ("alice", "bob", NOW - HOUR)
    assert not no.break_glass


def test_a_no_of_nobody_known_names_nobody_and_one_to_broken_glass_says_so() -> None:
    no = judge(GLASS, replace(YES, by=None), shop(), NOW)
    assert isinstance(no, Rejection)
    assert no.answered_by is None
    assert no.break_glass


def test_a_no_is_a_no_with_its_reason() -> None:
    assert rejected(answer=replace(YES, options=("Reject",), reason="not today")) == "bob said no: not today"
    assert rejected(answer=replace(YES, options=("Reject",), reason="")) == "bob said no"


def test_silence_is_a_no_also_where_a_default_came_with_it() -> None:
    assert rejected(answer=replace(YES, by=None, timed_out=True)) == "nobody answered within 1d"
    assert rejected(answer=replace(YES, timed_out=True)) == "nobody answered within 1d"


@pytest.mark.parametrize("options", [(), ("approve",), ("Yes",), ("Approve", "Reject"), ("Approve", "Approve")])
def test_whatever_is_not_exactly_approve_is_a_no(options: tuple[str, ...]) -> None:
    assert rejected(answer=replace(YES, options=options)) == "the answer of bob is neither Approve nor Reject"


@pytest.mark.parametrize("typed", [None, "", "Shop", "shop ", "shopp", 1, True, ["shop"], {"shop": "shop"}])
def test_without_the_targets_name_a_yes_is_a_no(typed: object) -> None:
    assert "without typing the name of the target, shop" in rejected(answer=replace(YES, typed_name=typed))


def test_an_answer_of_nobody_known_is_a_no() -> None:
    assert rejected(answer=replace(YES, by=None)) == "it is not known who answered"


@pytest.mark.parametrize("by", [("alice", "alice"), ("7", "alice"), ("alice", "Alice A."), ("7", "ALICE")])
def test_who_asked_cannot_approve_whether_the_id_or_the_name_gives_her_away(by: tuple[str, str]) -> None:
    assert rejected(answer=replace(YES, by=by)) == f"{by[1]} asked for it, and shop needs two people"


def test_what_nobody_known_asked_for_cannot_be_approved() -> None:
    assert "it is not known who asked for it" in rejected(replace(QUESTION, requested_by=None))
    assert "it is not known who asked for it" in rejected(replace(QUESTION, requested_by=""))


def test_outside_production_one_person_is_enough_unless_the_file_says_otherwise() -> None:
    own = replace(YES, by=("alice", "alice"))
    assert approved(answer=own, by=shop("staging")).answered_by == "alice"
    assert approved(replace(QUESTION, requested_by=None), by=shop("staging")).requested_by is None
    assert "needs two people" in rejected(answer=own, by=shop("staging", four_eyes=True))
    assert approved(answer=own, by=shop(four_eyes=False)).answered_by == "alice"


def test_only_approvers_count_where_they_are_named_also_if_the_server_let_another_through() -> None:
    named = shop(approvers=["carol", "9"])
    assert rejected(by=named) == "bob is not among the approvers of shop"
    assert approved(answer=replace(YES, by=("carol", "carol")), by=named).answered_by == "carol"
    assert approved(answer=replace(YES, by=("9", "dave")), by=named).answered_by_id == "9"


def test_being_an_approver_does_not_make_one_person_two() -> None:
    named = shop(approvers=["alice", "carol"])
    assert "needs two people" in rejected(answer=replace(YES, by=("alice", "alice")), by=named)


def test_a_yes_to_another_database_is_none_for_this_one() -> None:
    verdict = judge(QUESTION, replace(YES, typed_name="blog"), target("blog", approvals={"four_eyes": False}), NOW)
    assert isinstance(verdict, Rejection)
    assert verdict.reason == "it is about shop, not blog"


def test_an_answer_that_was_given_before_the_question_is_a_no() -> None:
    assert rejected(answer=replace(YES, answered=NOW - HOUR), later=timedelta()) == (
        "the answer of bob is older than the question"
    )


def test_clocks_may_be_five_minutes_apart_and_no_more() -> None:
    apart, more = timedelta(minutes=5), timedelta(minutes=5, microseconds=1)
    assert approved(answer=replace(YES, answered=NOW - apart)).answered == NOW - apart
    assert "older than the question" in rejected(answer=replace(YES, answered=NOW - more))
    asked = {"run": "manual__1", "action": "swap", "digest": DIGEST}
    assert why_void(approved(), shop(), **asked, now=NOW - apart) is None
    assert "dated in the future" in (why_void(approved(), shop(), **asked, now=NOW - more) or "")


def test_an_answer_that_arrives_after_its_time_is_a_no() -> None:
    assert "arrived too late: it counted 4h" in rejected(later=timedelta(hours=4))


def test_an_old_request_cannot_be_dug_out_by_a_second_person_alone() -> None:
    old = replace(QUESTION, requested=NOW - timedelta(days=7))
    assert "it was asked for 7d ago" in (why_not_ask(old, shop(), NOW) or "")
    assert "it was asked for 7d" in rejected(old)
    assert why_not_ask(replace(old, requested=NOW - timedelta(days=6)), shop(), NOW) is None


def test_nobody_is_asked_where_the_only_approver_is_who_asks() -> None:
    assert "alice asked for it and is its only approver" in (
        why_not_ask(QUESTION, shop(approvers=["alice"]), NOW) or ""
    )


def test_the_server_is_told_to_let_every_approver_answer_but_the_one_who_asked() -> None:
    assert possible_approvers(QUESTION, shop(approvers=["Alice", "bob"])) == ("bob",)
    assert possible_approvers(QUESTION, shop(approvers=["alice", "bob"], four_eyes=False)) == ("alice", "bob")
    assert possible_approvers(GLASS, shop(approvers=["alice", "bob"])) == ("alice", "bob")
    assert possible_approvers(QUESTION, shop()) == ()


class TestBreakGlass:
    def test_lets_an_approver_approve_alone_and_says_so(self) -> None:
        yes = approved(GLASS, replace(YES, by=("alice", "alice")), by=shop(approvers=["alice"]))
        assert yes.break_glass
        assert yes.break_glass_reason == "bob is on a plane"

    @pytest.mark.parametrize("reason", ["", " ", "\n\t"])
    def test_needs_a_reason(self, reason: str) -> None:
        glass = replace(GLASS, break_glass_reason=reason)
        assert "needs a reason" in (why_not_ask(glass, shop(approvers=["alice"]), NOW) or "")
        assert "needs a reason" in rejected(glass, replace(YES, by=("alice", "alice")), by=shop(approvers=["alice"]))

    def test_is_not_for_who_is_no_approver(self) -> None:
        for approvers in ([], ["bob"]):
            assert "and alice is not" in (why_not_ask(GLASS, shop(approvers=approvers), NOW) or "")

    def test_is_not_for_nobody_known(self) -> None:
        glass = replace(GLASS, requested_by=None)
        assert "nobody known is not" in (why_not_ask(glass, shop(approvers=["alice"]), NOW) or "")

    def test_lets_nobody_else_answer(self) -> None:
        assert rejected(GLASS, by=shop(approvers=["alice"])) == "bob is not among the approvers of shop"

    def test_does_not_spare_the_name(self) -> None:
        bare = replace(YES, by=("alice", "alice"), typed_name=None)
        assert "without typing the name" in rejected(GLASS, bare, by=shop(approvers=["alice"]))


class TestUse:
    """What is looked at again when the yes is used."""

    ASKED: ClassVar[dict[str, Any]] = {"run": "manual__1", "action": "swap", "digest": DIGEST}

    def void(self, yes: Approval | None = None, *, by: Any = None, later: timedelta = HOUR, **asked: Any) -> str:
        why = why_void(yes or approved(), by or shop(), **{**self.ASKED, **asked}, now=NOW + later)
        assert why is not None
        return why

    def test_it_counts_until_its_time_is_over(self) -> None:
        almost = timedelta(hours=4) - timedelta(microseconds=1)
        assert why_void(approved(), shop(), **self.ASKED, now=NOW + almost) is None
        assert "too old by now" in self.void(later=timedelta(hours=4))

    def test_a_file_that_has_become_stricter_shortens_it_and_a_laxer_one_does_not_prolong_it(self) -> None:
        assert "too old by now" in self.void(by=shop(valid_for="30m"))
        assert "too old by now" in self.void(by=shop(valid_for="2d"), later=timedelta(hours=4))

    def test_one_that_is_dated_in_the_future_does_not_count(self) -> None:
        assert "dated in the future" in self.void(later=-HOUR)
        assert why_void(approved(), shop(), **self.ASKED, now=NOW - timedelta(minutes=1)) is None

    def test_another_plan_is_another_question(self) -> None:
        assert "the plan has changed" in self.void(digest="e" * 64)

    def test_another_run_or_action_or_target_is_another_question(self) -> None:
        assert "in the run manual__1" in self.void(run="manual__2")
        assert "it is for swap of shop" in self.void(action="restore")
        assert "it is for swap of blog" in self.void(replace(approved(), target="blog"))

    def test_who_is_no_approver_any_more_has_not_approved(self) -> None:
        assert "bob is not among the approvers" in self.void(by=shop(approvers=["carol"]))

    def test_a_yes_that_one_person_gave_herself_is_void_once_two_are_needed(self) -> None:
        own = approved(answer=replace(YES, by=("alice", "alice")), by=shop(four_eyes=False))
        assert self.void(own) == "alice asked for it, and shop needs two people"
        unknown = approved(replace(QUESTION, requested_by=None), by=shop(four_eyes=False))
        assert self.void(unknown) == "it is not known who asked for it, and shop needs two people"


_NAMES = st.sampled_from(["alice", "Alice", "bob", "carol", ""])
_TEXTS = st.sampled_from(["shop", "", "blog"])


@given(
    requested_by=st.none() | _NAMES,
    by=st.none() | st.tuples(_NAMES, _NAMES),
    options=st.lists(st.sampled_from(["Approve", "Reject", "other"]), max_size=2).map(tuple),
    typed=st.none() | _TEXTS,
    timed_out=st.booleans(),
    glass=st.booleans(),
    glass_reason=_TEXTS,
    approvers=st.sets(st.sampled_from(["alice", "bob"])).map(tuple),
    age=st.integers(0, 10).map(lambda hours: timedelta(hours=hours)),
)
def test_every_yes_has_a_name_typed_by_somebody_who_may_and_is_young(
    *,
    requested_by: str | None,
    by: tuple[str, str] | None,
    options: tuple[str, ...],
    typed: str | None,
    timed_out: bool,
    glass: bool,
    glass_reason: str,
    approvers: tuple[str, ...],
    age: timedelta,
) -> None:
    question = replace(QUESTION, requested_by=requested_by, break_glass=glass, break_glass_reason=glass_reason)
    answer = replace(YES, options=options, by=by, typed_name=typed, timed_out=timed_out)
    protected = shop(approvers=approvers)
    verdict = judge(question, answer, protected, NOW + age)
    if isinstance(verdict, Rejection):
        assert verdict.reason
        return
    assert by is not None
    assert (options, typed, timed_out) == (("Approve",), "shop", False)
    assert age < protected.approvals.valid_for
    assert not approvers or set(by) & set(approvers)
    if glass:
        assert requested_by in approvers
        assert glass_reason.strip()
    else:
        assert requested_by
        assert requested_by.casefold() not in {who.casefold() for who in by}


def test_what_is_written_is_read_back_equal() -> None:
    no = judge(QUESTION, replace(YES, options=("Reject",)), shop(), NOW)
    for answer in (approved(), no):
        assert read_answer(answer.to_json()) == answer
    assert Question.from_json(GLASS.to_json()) == GLASS


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"approved": true}', b"\xff"])
def test_what_is_no_answer_is_not_read_as_one(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_answer(body)


def test_an_answer_of_a_later_format_is_not_read() -> None:
    with pytest.raises(ValueError, match="format"):
        read_answer(approved().to_json().replace(b'"format": 1', b'"format": 2'))


def test_a_no_is_never_read_as_a_yes() -> None:
    no = judge(QUESTION, replace(YES, options=("Reject",)), shop(), NOW)
    with pytest.raises(ValueError, match="valid_until"):
        read_answer(no.to_json().replace(b'"approved": false', b'"approved": true'))


def test_a_run_is_asked_again_only_where_its_yes_counts_no_longer() -> None:
    def again(last: Approval | Rejection, later: timedelta = HOUR, digest: str = DIGEST) -> bool:
        return may_ask_again(last, shop(), run="manual__1", action="swap", digest=digest, now=NOW + later)

    yes = approved()
    assert not again(yes)
    assert again(yes, later=5 * HOUR)
    assert again(yes, digest="e" * 64)
    no = judge(QUESTION, replace(YES, options=("Reject",)), shop(), NOW)
    assert isinstance(no, Rejection)
    assert not again(no)
    assert not again(no, later=5 * HOUR)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replace(YES, typed_name="shpo"), "bob chose Approve without typing"),
        (replace(YES, typed_name=None), "bob chose Approve without typing"),
        (replace(YES, by=("3", "Alice")), "Alice asked for it"),
    ],
    ids=["a typo", "no name", "who has asked"],
)
def test_a_slip_is_put_aside_until_there_is_no_time_for_another_answer(answer: Answer, why: str) -> None:
    last = NOW + shop().approvals.wait - timedelta(seconds=30)
    for moment in (NOW, last):
        assert why in str(why_set_aside(QUESTION, answer, shop(), moment))
    late = last + timedelta(seconds=1)
    assert why_set_aside(QUESTION, answer, shop(), late) is None
    assert why in rejected(answer=replace(answer, answered=late), later=late - NOW)


def test_an_approve_of_somebody_who_is_no_approver_is_put_aside_also_where_the_glass_is_broken() -> None:
    named = shop(approvers=["alice", "carol"])
    for question in (QUESTION, GLASS):
        assert why_set_aside(question, YES, named, NOW) == "bob is not among the approvers of shop"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (QUESTION, YES),
        (QUESTION, replace(YES, options=("Reject",), typed_name=None)),
        (QUESTION, replace(YES, options=("Maybe",), typed_name=None)),
        (QUESTION, replace(YES, by=None, typed_name=None)),
        (QUESTION, replace(YES, timed_out=True, typed_name=None)),
        (replace(QUESTION, target="blog"), replace(YES, typed_name="blog")),
        (replace(QUESTION, requested_by=None), YES),
        (GLASS, YES),
    ],
    ids=["a yes", "a no", "neither", "nobody", "silence", "another target", "nobody asked", "no approvers named"],
)
def test_everything_else_is_judged_at_once(question: Question, answer: Answer) -> None:
    assert why_set_aside(question, answer, shop(), NOW) is None


@given(st.timedeltas(timedelta(seconds=30), timedelta(days=30_000)))
def test_the_time_that_is_left_is_never_more_than_the_file_gives(wait: timedelta) -> None:
    left = time_left(QUESTION, shop(wait=wait), NOW)
    assert left is not None
    assert left <= wait
    assert time_left(QUESTION, shop(wait=wait), NOW + wait) is None
