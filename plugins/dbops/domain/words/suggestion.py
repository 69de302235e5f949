"""Suggestion: the "did you mean" of every error about a name nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that ``word`` most probably stands for, or None where nothing is near."""
    names = sorted(set(known))
    folded = {name.casefold().replace("-", "_"): name for name in reversed(names)}
    begun = [name for name in names if len(word) > 2 and name.casefold().startswith(word.casefold())]  # noqa: PLR2004
    if begun:
        return begun[0]
    found = get_close_matches(word.casefold().replace("-", "_"), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean "retention"?``, or an empty text where nothing is near."""
    name = closest(word, known)
    return "" if name is None else f'Did you mean "{name}"?'
