"""comes_true: what somebody else has to do first is looked at again and again, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable


def comes_true(condition: Callable[[], bool], *, within: float, look_every: float) -> bool:
    """Whether it does within so many seconds; it is looked at once in any case."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(look_every)
    return True
