"""Brake: holds those who write into a spool, so that it keeps its cap however fast they are."""

from __future__ import annotations

import threading


class Brake:
    """Stops writers while it is pulled, and also once they have written ``allowance`` bytes since ``look``.

    Whoever watches the spool looks at it some times a second. What is written in between must fit what it leaves free.
    """

    def __init__(self, allowance: int) -> None:
        self._allowance = self._left = allowance
        self._is_pulled = False
        self._news = threading.Condition()

    def look(self) -> None:
        """The spool was looked at: from now on ``allowance`` bytes may be written again."""
        with self._news:
            self._left = self._allowance
            self._news.notify_all()

    def pull(self) -> None:
        """Let nothing more be written."""
        self._is_pulled = True

    def release(self) -> None:
        """Go on."""
        with self._news:
            self._is_pulled = False
            self._news.notify_all()

    def spend(self, length: int) -> None:
        """So many bytes were written."""
        with self._news:
            self._left -= length

    def wait(self, timeout: float) -> bool:
        """Wait until something may be written, no longer than ``timeout`` seconds; whether it may."""
        with self._news:
            return self._news.wait_for(lambda: not self._is_pulled and self._left > 0, timeout)
