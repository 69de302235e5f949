"""Probe escaping: which of the sentences on escapes say that something stays, and not that it only might.

A trigger is always named, though its work in the database is rolled back: nobody can see what else it does.
"""

from __future__ import annotations

_STAY = ("that stays", "leaves a gap")


def stays(escape: str) -> bool:
    """Whether it says of something that a rollback does not take it back."""
    return any(words in escape for words in _STAY)
