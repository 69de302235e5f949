"""Promise: people see who asks for what, by which plan; what somebody has written is text there, and steers nothing."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.approvals.approval import Question
from dbops.domain.approvals.shown_question import question_head, shown_question
from tests.unit.samples import NOW

ASKED = Question("shop", "swap", "d" * 64, "r1", "alice", NOW, NOW)
HEAD = (
    "**alice** asks for the **swap** of **shop**. Type `shop` below to approve.\n\n"
    f"Digest: `{'d' * 64}`\n\n"
)  # fmt: skip


def test_the_plan_stands_below_who_asks_for_what_and_its_whole_digest() -> None:
    assert question_head(ASKED) == HEAD
    assert shown_question(ASKED, "## The plan") == f"{HEAD}## The plan"


def test_that_nobody_is_known_to_have_asked_is_said() -> None:
    assert question_head(replace(ASKED, requested_by=None)).startswith("**somebody unknown** asks for")


def test_a_broken_glass_stands_first_with_its_reason() -> None:
    broken = replace(ASKED, break_glass=True, break_glass_reason="the shop is down")
    assert question_head(broken) == f"> **BREAK GLASS** by alice: the shop is down\n\n{HEAD}"


def test_a_name_and_a_reason_are_no_markdown() -> None:
    steered = replace(ASKED, requested_by="**bob**", break_glass=True, break_glass_reason="`x` <b>")
    head = question_head(steered)
    assert r"\*\*bob\*\*" in head
    assert r"\`x\`" in head
    assert "<b>" not in head.replace(r"\<b", "")
