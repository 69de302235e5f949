"""ProgressLog: a running job's progress as lines of its task's log, and not too many of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES = 5.0


class ProgressMoment(Protocol):
    """A moment of a running job."""

    def sentence(self) -> str:
        """The line."""
        ...


class ProgressLog:
    """Call it with each moment there is; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._next = clock, 0.0

    def __call__(self, progress: ProgressMoment) -> None:
        """Log it, unless a line was logged just before."""
        now = self._clock()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN_LINES
            log.info(progress.sentence())
