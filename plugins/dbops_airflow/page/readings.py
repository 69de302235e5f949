"""Readings: what many people ask for at once is read once, in threads of our own, kept for seconds, waited for briefly."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_THREADS = 8  # each waits for a bucket or a database; none of them computes for long
_FRESH = 10.0
_REMEMBERED = 600.0


class NotAnswered(Exception):
    """What was asked for is still being read, and nothing was read lately that could be shown instead."""


@dataclass(frozen=True)
class Reading(Generic[T]):
    """``is_old`` says that a newer one was asked for and has not answered in time; ``age`` is in seconds."""

    value: T
    age: float
    is_old: bool = False


@dataclass
class _Kept:
    """The newest value of a key, and the reading that is on its way."""

    value: Any = None
    read: float | None = None
    asked: float = 0.0
    running: Future[Any] | None = field(default=None)


class Readings:
    """Seconds, all of them: how long a value is ``fresh``, and how long it is ``remembered`` for want of a newer one.

    A reading that raises is not kept: whoever waits for it gets the exception, and the next one to ask reads again.
    """

    def __init__(
        self,
        *,
        threads: int = _THREADS,
        fresh: float = _FRESH,
        remembered: float = _REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database-ops-page")
        self._fresh, self._remembered, self._clock = fresh, remembered, clock
        self._kept: dict[Hashable, _Kept] = {}
        self._lock = threading.Lock()

    async def get(self, key: Hashable, read: Callable[[], T], *, within: float) -> Reading[T]:
        """The value of ``key``: a fresh one, else what ``read`` answers ``within`` seconds, else the last one.

        Raises NotAnswered where there is none either. ``read`` goes on meanwhile, for the next one to ask.
        """
        kept = self._asked(key)
        running = self._running(kept, read)
        if running is not None:
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(running)), within)
            except TimeoutError:
                if not running.done():
                    return self._last(kept)
                raise  # its own: the store's, not ours
        return self._last(kept)

    async def run(self, work: Callable[[], T], *, within: float) -> T:
        """What ``work`` answers, for nobody else; raises NotAnswered where it takes longer than ``within`` seconds."""
        running = self._threads.submit(work)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(running)), within)
        except TimeoutError:
            if running.cancel() or not running.done():
                raise NotAnswered from None
            raise

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _asked(self, key: Hashable) -> _Kept:
        now = self._clock()
        with self._lock:
            forgotten = [
                other
                for other, kept in self._kept.items()
                if kept.running is None and now - max(kept.read or 0.0, kept.asked) > self._remembered
            ]
            for other in forgotten:
                del self._kept[other]
            kept = self._kept.setdefault(key, _Kept())
            kept.asked = now
            return kept

    def _running(self, kept: _Kept, read: Callable[[], Any]) -> Future[Any] | None:
        """The reading to wait for; None where what is kept is fresh."""
        with self._lock:
            if kept.running is None and (kept.read is None or self._clock() - kept.read >= self._fresh):
                kept.running = self._threads.submit(self._read, kept, read)
            return kept.running

    def _read(self, kept: _Kept, read: Callable[[], Any]) -> None:
        try:
            value = read()
        except BaseException:
            with self._lock:
                kept.running = None
            raise
        with self._lock:
            kept.value, kept.read, kept.running = value, self._clock(), None

    def _last(self, kept: _Kept) -> Reading[Any]:
        with self._lock:
            if kept.read is None:
                raise NotAnswered
            age = self._clock() - kept.read
            if age > self._remembered:
                raise NotAnswered
            return Reading(kept.value, age, is_old=kept.running is not None and age >= self._fresh)
