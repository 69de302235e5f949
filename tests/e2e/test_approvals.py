"""The gate between plan and act, and everything people can try to get around it, through the REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.browser import Browser
from tests.e2e.gate import Gate
from tests.e2e.rest import Rest
from tests.e2e.running_stack import RunningStack
from tests.e2e.waiting import ahead, eventually
from tests.mail_text import text_of


@pytest.fixture
def admin(stack: RunningStack) -> Iterator[Rest]:
    """Airflow's REST API as admin, who may do everything."""
    rest = stack.rest("admin")
    yield rest
    rest.close()


@pytest.fixture(scope="module")
def triggered(stack: RunningStack, alice: Rest, request: pytest.FixtureRequest) -> Iterator[Gate]:
    """Runs that alice has triggered, one for each test that wants one, and some tests ahead: they plan meanwhile."""
    tests = sum("asked" in getattr(item, "fixturenames", ()) for item in request.session.items)
    return ahead(lambda: Gate.trigger(stack, alice), tests)


@pytest.fixture
def asked(triggered: Iterator[Gate]) -> Gate:
    """A run that alice has triggered, that waits for its answer, and that is this test's own."""
    gate = next(triggered)
    gate.wait_until_parked()
    return gate


@pytest.fixture(scope="module")
def approved(stack: RunningStack, alice: Rest, bob: Rest) -> Gate:
    """A run that alice has triggered and bob has approved, and that is over."""
    gate = Gate.ask(stack, alice)
    gate.approve(bob, reason="ticket 4711")
    gate.run.wait("success")
    return gate


class TestAYes:
    def test_lets_the_run_act(self, approved: Gate) -> None:
        assert "act" in approved.done()
        assert approved.run.states()["act"] == "success"

    def test_says_in_the_bucket_who_asked_who_answered_why_and_until_when(self, approved: Gate) -> None:
        [answer] = [content for name, content in approved.objects("approvals").items() if "consumed" not in name]
        assert answer["requested_by"] == "alice"
        assert answer["answered_by"] == answer["answered_by_id"] == "bob"
        assert answer["reason"] == "ticket 4711"
        assert answer["digest"] in approved.question()["body"]
        assert answer["valid_until"] > answer["answered"]
        assert approved.audit() == ["approval-asked", "approval-approved", "approval-consumed"]

    def test_was_asked_for_by_mail_with_a_link_to_the_question(
        self, stack: RunningStack, approved: Gate, browser: Browser
    ) -> None:
        [mail] = stack.mails(approved.run.run_id, "QUESTION")
        assert mail["Subject"] == "[dbops] APPROVAL swap of gated (production)"
        text = text_of(mail, "plain")
        for words in ("alice asks for the swap of gated", "No answer counts as a no", approved.question()["body"][-1:]):
            assert words in text
        assert re.search(r"Digest +[0-9a-f]{12}\s", text)
        link = re.search(r"http://\S+/required_actions", text)
        assert link is not None
        browser.open(link.group())
        browser.log_in("bob")
        browser.see("Swap of gated: approve?", "Approve", "Reject", "The world is")

    def test_is_given_in_the_form_by_typing_the_name(self, asked: Gate, browser: Browser) -> None:
        browser.open(f"/dags/gate/runs/{asked.run.run_id}/tasks/approve/required_actions")
        browser.log_in("bob")
        browser.see("Name of the target", "type it, to approve", "Reason", "The world is")
        browser.find("input[name=element_target_name]").send_keys("gated")
        browser.find("input[name=element_reason]").send_keys("ticket 4711")
        browser.screenshot("question")
        browser.click("button", "Approve")
        asked.run.wait("success")
        [answer] = [content for name, content in asked.objects("approvals").items() if "consumed" not in name]
        assert (answer["answered_by"], answer["reason"]) == ("bob", "ticket 4711")

    def test_cannot_be_given_twice(self, approved: Gate, bob: Rest) -> None:
        assert approved.answer(bob, "Approve", target_name="gated").status_code == 409

    def test_counts_once_a_cleared_act_is_refused(self, asked: Gate, alice: Rest, bob: Rest) -> None:
        asked.approve(bob)
        asked.run.wait("success")
        asked.clear(alice, "act")
        asked.run.wait("failed")
        assert asked.run.states()["act"] == "failed"
        assert "has already been used: it counts only once" in asked.log("act")
        assert asked.run.task("act")["try_number"] == 2, "a refusal is not retried"

    def test_is_not_asked_for_again_when_the_gate_is_cleared(self, asked: Gate, alice: Rest, bob: Rest) -> None:
        asked.approve(bob)
        asked.run.wait("success")
        asked.clear(alice, "approve", "act")
        asked.run.wait("failed")
        assert asked.run.states()["approve"] == "failed"
        assert "has had its answer" in asked.log("approve")
        assert asked.audit().count("approval-consumed") == 1


class TestANo:
    def test_ends_the_run_red_and_nothing_downstream_runs_whatever_its_trigger_rule(
        self, stack: RunningStack, asked: Gate, bob: Rest
    ) -> None:
        asked.reject(bob, reason="not on a Friday")
        asked.wait_red("REJECTED: the swap of gated does not take place: bob said no: not on a Friday")
        assert asked.run.states() == {
            "plan": "success",
            "approve": "failed",
            "approve__said_yes": "upstream_failed",
            "act": "upstream_failed",
            **dict.fromkeys(["anyway", "last", "one_failed", "none_failed"], "skipped"),
        }
        assert asked.audit() == ["approval-asked", "approval-rejected"]
        [mail] = stack.mails(asked.run.run_id, "REJECTED")
        assert mail["Subject"] == "[dbops] REJECTED swap of gated (production)"
        assert "bob said no: not on a Friday" in text_of(mail, "html")
        assert stack.mails(asked.run.run_id, "FAILED") == []

    def test_cannot_be_cleared_away(self, asked: Gate, alice: Rest, bob: Rest) -> None:
        asked.reject(bob)
        asked.run.wait("failed")
        asked.clear(alice, "approve", "act", "anyway")
        asked.run.wait("failed")
        assert "has had its answer" in asked.log("approve")
        assert asked.done() == set()

    def test_is_what_silence_means(self, stack: RunningStack, alice: Rest) -> None:
        gate = Gate.trigger(stack, alice, "gated_hasty")
        gate.wait_red("REJECTED", "nobody answered within 10.0s")
        assert gate.audit() == ["approval-asked", "approval-rejected"]


class TestASlip:
    @pytest.mark.parametrize(
        "params",
        [{}, {"target_name": "gatet", "reason": None}, {"target_name": None, "reason": "yes!"}, {"target_name": 1}],
        ids=["empty params_input", "wrong name", "no name", "not a text"],
    )
    def test_is_an_approve_without_the_targets_name_after_which_the_question_stands(
        self, stack: RunningStack, asked: Gate, bob: Rest, params: dict[str, Any]
    ) -> None:
        asked.answer(bob, "Approve", **params).raise_for_status()
        asked.wait_until_asked_again()
        assert "bob chose Approve without typing the name of the target, gated" in asked.log("approve")
        assert asked.done() == set()
        assert stack.mails(asked.run.run_id, "An answer was set aside: bob chose Approve without typing")
        asked.approve(bob)
        asked.run.wait("success")
        assert asked.audit() == ["approval-asked", "approval-set-aside", "approval-approved", "approval-consumed"]

    def test_is_an_approve_by_who_has_asked_and_a_no_still_ends_it(self, asked: Gate, alice: Rest, bob: Rest) -> None:
        asked.approve(alice)
        asked.wait_until_asked_again()
        assert "alice asked for it, and gated needs two people" in asked.log("approve")
        asked.reject(bob)
        asked.wait_red("REJECTED", "bob said no")
        assert asked.audit() == ["approval-asked", "approval-set-aside", "approval-rejected"]


class TestWhoMayNot:
    def test_a_viewer_cannot_answer_at_all(self, asked: Gate, viewer: Rest) -> None:
        assert asked.answer(viewer, "Approve", target_name="gated").status_code == 403
        assert asked.run.task("approve")["state"] == "awaiting_input"
        asked.run.mark("failed")

    def test_an_answer_that_was_not_offered_is_refused_by_the_server_and_leaves_the_question(
        self, asked: Gate, bob: Rest
    ) -> None:
        for options in (["Yes"], ["Approve", "Reject"], ["Approve", "Approve"]):
            assert asked.answer(bob, *options, target_name="gated").status_code == 400
        assert asked.answer(bob).status_code == 422
        assert asked.run.task("approve")["state"] == "awaiting_input"
        asked.run.mark("failed")

    def test_only_approvers_can_answer_where_the_target_names_them(
        self, stack: RunningStack, alice: Rest, bob: Rest, admin: Rest
    ) -> None:
        gate = Gate.ask(stack, bob, "gated_named")
        assert gate.answer(alice, "Approve", target_name="gated_named").status_code == 403
        assert gate.answer(bob, "Approve", target_name="gated_named").status_code == 403, "he asked for it"
        gate.approve(admin)
        gate.run.wait("success")

    def test_nobody_can_approve_what_nobody_asked_for(self, stack: RunningStack, alice: Rest, admin: Rest) -> None:
        """An asset event makes a run without a requester: a way around the second person, if it were let through."""
        [asset] = alice.get("assets", name_pattern="nobody_in_particular")["assets"]
        admin.ask("POST", "assets/events", json={"asset_id": asset["id"], "extra": {}}).raise_for_status()
        eventually(lambda: alice.get("dags/gate_unasked/dagRuns")["dag_runs"], "a run that nobody triggered")
        gate = Gate(stack, alice.newest_run("gate_unasked"), "gated")
        gate.wait_red("REJECTED before anybody was asked", "it is not known who asked for it")
        assert gate.audit() == ["approval-rejected"]


class TestOnePersonAlone:
    def test_may_approve_her_own_where_the_target_says_four_eyes_false(self, stack: RunningStack, alice: Rest) -> None:
        gate = Gate.ask(stack, alice, "gated_alone")
        gate.approve(alice)
        gate.run.wait("success")
        assert "act" in gate.done()

    def test_may_break_the_glass_with_a_reason_and_everybody_hears_of_it_at_once(
        self, stack: RunningStack, alice: Rest
    ) -> None:
        gate = Gate.ask(stack, alice, "gated_glass", break_glass=True, break_glass_reason="bob is on a plane")
        [mail] = stack.mails(gate.run.run_id, "BREAK GLASS")
        assert mail["Subject"] == "[dbops] BREAK GLASS swap of gated_glass (production)"
        assert "bob is on a plane" in text_of(mail, "plain")
        assert "boss@shop.internal" in mail["X-Envelope-To"], "who hears of any target hears of this"
        gate.approve(alice)
        gate.run.wait("success")
        assert "act" in gate.done()
        assert gate.audit() == [f"BREAK-GLASS-approval-{word}" for word in ("asked", "approved", "consumed")]

    @pytest.mark.parametrize(
        ("user", "target", "reason", "why"),
        [
            ("alice", "gated_glass", " ", "break_glass needs a reason"),
            ("bob", "gated_glass", "urgent", "break_glass is for those under approvals.approvers, and bob is not"),
            ("alice", "gated", "urgent", "break_glass is for those under approvals.approvers, and alice is not"),
        ],
        ids=["no reason", "not an approver", "no approvers named"],
    )
    def test_may_not_break_the_glass_otherwise(
        self, stack: RunningStack, user: str, target: str, reason: str, why: str
    ) -> None:
        rest = stack.rest(user)
        gate = Gate.trigger(stack, rest, target, break_glass=True, break_glass_reason=reason)
        gate.wait_red("REJECTED before anybody was asked", why)
        rest.close()

    def test_needs_nobody_where_the_target_asks_for_no_approval(self, stack: RunningStack, alice: Rest) -> None:
        gate = Gate.trigger(stack, alice, "gated_open")
        gate.run.wait("success")
        assert "act" in gate.done()
        assert stack.mails(gate.run.run_id) == []


@pytest.fixture(scope="module")
def outdated(stack: RunningStack, alice: Rest, bob: Rest) -> Gate:
    """A run that bob has approved, and whose act begins when his yes has ceased to count."""
    gate = Gate.ask(stack, alice, "gated_brief", act_after=25)
    gate.approve(bob)
    return gate


@pytest.mark.usefixtures("outdated")  # it grows old during the other tests
class TestAroundTheGate:
    def test_marking_it_as_success_is_not_a_yes(self, stack: RunningStack, asked: Gate, alice: Rest) -> None:
        asked.mark(alice, "approve", "success")
        asked.forge_xcom(
            alice, "approve", {"approved": True, "digest": asked.run.xcoms("plan")["return_value"]["digest"]}
        )
        asked.run.wait("failed")
        assert asked.run.states()["act"] == "failed"
        assert asked.run.task("act")["try_number"] == 1, "a refusal is not retried"
        assert "Nobody has approved the swap of gated" in asked.log("act")
        assert "act" not in asked.done()
        assert asked.audit() == ["approval-asked", "approval-refused"]
        assert stack.mails(asked.run.run_id, "FAILED", "Nobody has approved the swap of gated")

    def test_a_yes_after_it_was_marked_as_success_is_none(self, asked: Gate, alice: Rest, bob: Rest) -> None:
        asked.mark(alice, "approve", "success")
        asked.answer(bob, "Approve", target_name="gated")
        asked.run.wait("failed")
        assert "act" not in asked.done()

    def test_skipping_it_skips_what_it_guards(self, asked: Gate, alice: Rest) -> None:
        asked.mark(alice, "approve", "skipped")
        asked.run.wait()
        assert "act" not in asked.done()

    def test_a_forged_plan_while_people_read_the_real_one_changes_nothing(
        self, asked: Gate, alice: Rest, bob: Rest
    ) -> None:
        digest = asked.run.xcoms("plan")["return_value"]["digest"]
        asked.forge_xcom(alice, "plan", {"digest": "0" * 64, "markdown": "harmless", "needed": False})
        asked.approve(bob)
        asked.run.wait("success")
        [answer] = [content for name, content in asked.objects("approvals").items() if "consumed" not in name]
        assert answer["digest"] == digest

    def test_a_forged_plan_is_never_shown_to_anybody(self, asked: Gate, alice: Rest) -> None:
        forged = {"digest": "0" * 64, "markdown": "harmless", "target": "gated", "action": "swap", "needed": False}
        asked.forge_xcom(alice, "plan", forged)
        asked.clear(alice, "approve")
        asked.run.wait("failed")
        assert "made no plan" in asked.log("approve")
        assert asked.done() == set()

    def test_a_forged_text_of_the_real_plan_is_not_shown_either(self, asked: Gate, alice: Rest) -> None:
        plan = asked.run.xcoms("plan")["return_value"]
        asked.forge_xcom(alice, "plan", {**plan, "markdown": "harmless"})
        asked.clear(alice, "approve")
        asked.wait_until_parked()
        assert "harmless" not in asked.question()["body"]
        assert "The world is **as it was**" in asked.question()["body"]
        asked.run.mark("failed")

    def test_a_plan_that_is_no_longer_what_would_be_done_is_refused(
        self, stack: RunningStack, alice: Rest, bob: Rest
    ) -> None:
        gate = Gate.ask(stack, alice, "gated_changed")
        gate.change_the_world("another")
        try:
            gate.approve(bob)
            gate.run.wait("failed")
        finally:
            gate.change_the_world("as it was")
        assert gate.run.states()["act"] == "failed"
        assert "the plan has changed" in gate.log("act")
        assert "act" not in gate.done()

    def test_a_plan_that_is_made_anew_under_a_question_that_stands_is_approved_by_nobody(
        self, stack: RunningStack, alice: Rest, bob: Rest
    ) -> None:
        """Airflow would go on showing the plan of before: bob would read that one, and say yes to this."""
        gate = Gate.ask(stack, alice, "gated_changed")
        gate.change_the_world("another")
        try:
            gate.clear(alice, "plan", downstream=True)
            gate.run.wait("failed")
            assert "the task approve has asked about another plan before" in gate.log("approve")
            gate.answer(bob, "Approve", target_name="gated_changed")
            gate.clear(alice, "act")
            gate.run.wait("failed")
        finally:
            gate.change_the_world("as it was")
        assert gate.done() == set()

    def test_a_yes_that_is_too_old_is_refused(self, outdated: Gate) -> None:
        outdated.run.wait("failed")
        assert "is too old by now" in outdated.log("act")
        assert "act" not in outdated.done()
