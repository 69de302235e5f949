"""unseen: why something cannot be shown, in a sentence that whoever looks may read."""

from __future__ import annotations

from dbops.jobs.error_in_words import error_in_words


def why_unseen(what: str, error: BaseException) -> str:
    """``what`` is a subject, say "The checks of shop"."""
    return cannot_be_shown(what, error_in_words(error, f"showing this: {what}"))


def cannot_be_shown(what: str, why: str) -> str:
    """The same where the error is in words already."""
    return f"{what} cannot be shown: {why}"
