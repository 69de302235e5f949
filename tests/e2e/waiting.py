"""Waiting for what a running system does in its own time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, *, seconds: float = 180.0) -> T:
    """The first true answer of `look`; where there is none for so long, the test fails and says `what` was missed."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds:.0f} seconds: {what} (last seen: {seen!r})")
        time.sleep(0.2)
    return seen


def ahead(begin: Callable[[], T], wanted: int, *, by: int = 2) -> Iterator[T]:
    """What `begin` begins, so many times in all, each begun `by` places before it is asked for."""
    begun = (begin() for _ in range(wanted))
    waiting = deque(islice(begun, by))
    for one in begun:
        waiting.append(one)
        yield waiting.popleft()
    yield from waiting
