"""Throttle: keeps an average rate over several threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Throttle:
    """Lets ``bytes_per_second`` pass on average; None lets everything pass."""

    def __init__(
        self,
        bytes_per_second: int | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._rate = bytes_per_second
        self._monotonic, self._sleep = monotonic, sleep
        self._free_from = 0.0
        self._lock = threading.Lock()

    def take(self, length: int) -> None:
        """Wait until ``length`` bytes may be sent."""
        if not self._rate:
            return
        with self._lock:
            now = self._monotonic()
            start = max(now, self._free_from)
            self._free_from = start + length / self._rate
        if start > now:
            self._sleep(start - now)
