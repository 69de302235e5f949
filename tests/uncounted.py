"""Uncounted: tests that run without coverage, for to count takes a processor as long again, and finds nothing more.

What the layers e2e and faults start or kill is in processes of its own and would be missing all the same. What
Hypothesis tries hundreds of times over, the examples beside it have run before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import is_hypothesis_test

COVERED = "COVERAGE_PROCESS_CONFIG"
"""What tells a process to count what it covers: one that is killed could not say, and is only slower."""

_LAYERS = {"e2e", "faults"}


def is_uncounted(item: pytest.Item) -> bool:
    """Whether nothing is counted of that test, nor of what it starts."""
    of_layer = _LAYERS & {folder.name for folder in item.path.parents}
    return bool(of_layer) or is_hypothesis_test(getattr(item, "obj", None))


@contextmanager
def uncounted() -> Iterator[None]:
    """Nothing is counted within, where anything is."""
    if (coverage := sys.modules.get("coverage")) is None or (counting := coverage.Coverage.current()) is None:
        yield
        return
    told = os.environ.pop(COVERED, None)
    counting.stop()
    try:
        yield
    finally:
        counting.start()
        if told is not None:
            os.environ[COVERED] = told
