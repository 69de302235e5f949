"""Operations: how many of the application's operations work, by model, as people read it: ``User 3/3, Summary 4/4``."""

from __future__ import annotations

from collections.abc import Iterable

PassedByModel = tuple[tuple[str, int, int], ...]


def passed_by_model(asked: Iterable[tuple[str, bool]]) -> PassedByModel:
    """For each model how many of its operations work, and how many there are; in the order in which they come."""
    counts: dict[str, tuple[int, int]] = {}
    for model, works in asked:
        passed, total = counts.get(model, (0, 0))
        counts[model] = (passed + works, total + 1)
    return tuple((model, passed, total) for model, (passed, total) in counts.items())


def in_words(passed: PassedByModel) -> str:
    """All models in a line."""
    return ", ".join(f"{model} {works}/{total}" for model, works, total in passed)
