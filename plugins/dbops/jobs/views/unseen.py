"""unseen: why something cannot be shown, in a sentence that whoever looks may read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dbops.errors import ObjectMissing
from dbops.jobs.error_in_words import error_in_words

T = TypeVar("T")


def seen_or_why(read: Callable[[], T], what: str, place: str) -> T | str | None:
    """What ``read`` gives; None where there is no such object, else why it cannot be shown. Nothing is raised.

    ``read`` raises ValueError of an object that is not what is looked for, and ``place`` is where that lies.
    """
    try:
        return read()
    except ObjectMissing:
        return None
    except ValueError:
        return cannot_be_shown(what, f"{place} is not one that this version can read.")
    except Exception as error:  # noqa: BLE001 - whoever looks gets a sentence
        return why_unseen(what, error)


def why_unseen(what: str, error: BaseException) -> str:
    """``what`` is a subject, say "The checks of shop"."""
    return cannot_be_shown(what, error_in_words(error, f"showing this: {what}"))


def cannot_be_shown(what: str, why: str) -> str:
    """The same where the error is in words already."""
    return f"{what} cannot be shown: {why}"
