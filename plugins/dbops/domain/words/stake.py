"""Stake: what a yes does, in a few facts by which somebody who was woken can judge on a telephone.

The plan works them out, and shows them first. They lie in the bucket beside it, and the mail that asks says the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import TypeAdapter

from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import on_one_line, plain_text

Stake = tuple[tuple[str, str], ...]
"""Label and value, each plain text on one line; the most important first."""

NO_STAKE: Stake = ()
UNREADABLE: Stake = (("In short", "cannot be read: read the plan"),)

_MOST = 12
_LONGEST_LABEL = 14  # characters, for which a mail has room
_LONGEST = 400


def stake_of(facts: Iterable[tuple[str, str]]) -> Stake:
    """These facts, whatever is in them, as a mail can show them: few, short, on one line each."""
    told = ((_short(label, _LONGEST_LABEL), _short(value, _LONGEST)) for label, value in facts)
    return tuple((label, value) for label, value in told if label and value)[:_MOST]


def stake_markdown(stake: Stake) -> list[str]:
    """The section of a plan that has them, and nothing where there are none."""
    rows = [(plain_text(label), plain_text(value)) for label, value in stake]
    return ["### In short", markdown_table(("", ""), rows)] if rows else []


def stake_to_json(stake: Stake) -> bytes:
    """The object's body; ``read_stake`` reads it back equal."""
    return _ADAPTER.dump_json(list(stake), indent=1)


def read_stake(body: bytes) -> Stake:
    """What the object says, as ``stake_of`` lets it be shown; where it says nothing that can be read, just that."""
    try:
        return stake_of(_ADAPTER.validate_json(body))
    except ValueError:
        return UNREADABLE


def _short(text: str, longest: int) -> str:
    line = on_one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


_ADAPTER = TypeAdapter(list[tuple[str, str]])
