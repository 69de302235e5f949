"""The question as people are shown it: who asks for what, by which plan, and below that the plan."""

from __future__ import annotations

from dbops.domain.approvals.approval import Question
from dbops.domain.words.markdown_text import plain_text


def shown_question(question: Question, plan: str) -> str:
    """All of it, as Markdown; ``plan`` is Markdown already."""
    return f"{question_head(question)}{plan}"


def question_head(question: Question) -> str:
    """What stands above the plan; what people have written is text there, and no Markdown."""
    asker = plain_text(question.requested_by or "somebody unknown")
    reason = plain_text(question.break_glass_reason)
    warning = f"> **BREAK GLASS** by {asker}: {reason}\n\n" if question.break_glass else ""
    return (
        f"{warning}**{asker}** asks for the **{question.act}** of **{question.target}**. "
        f"Type `{question.target}` below to approve.\n\nDigest: `{question.digest}`\n\n"
    )
