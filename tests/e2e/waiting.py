"""Waiting for what a running system does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, *, seconds: float = 60.0) -> T:
    """The first true answer of `look`; where there is none for so long, the test fails and says `what` was missed."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds:.0f} seconds: {what} (last seen: {seen!r})")
        time.sleep(0.2)
    return seen
