"""Readings: what many people ask for at once is read once, in threads of our own, and is kept for seconds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_THREADS = 8  # each waits for a bucket or a database
_WORKERS = 4  # each asks who may see what, and draws
_FRESH = 10.0
_REMEMBERED = 600.0
_MOST = 200  # a manifest of many tables takes a megabyte


class NotAnswered(Exception):
    """What was asked for is still being read, and nothing was read lately that could be shown instead."""


@dataclass(frozen=True)
class Reading(Generic[T]):
    """``is_old`` says that a newer one was waited for and has not come in time; ``age`` is in seconds."""

    value: T
    age: float
    is_old: bool = False


@dataclass
class _Kept:
    """The newest value of a key, and the reading that is on its way."""

    value: Any = None
    read: float | None = None
    running: Future[Any] | None = None


class Readings:
    """How many seconds a value is ``fresh``, and ``remembered`` for want of a newer one; ``most`` values are kept.

    A reading that raises is not kept: whoever waits for it gets the exception, and the next one to ask reads again.
    """

    def __init__(
        self,
        *,
        threads: int = _THREADS,
        fresh: float = _FRESH,
        remembered: float = _REMEMBERED,
        most: int = _MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._readers = ThreadPoolExecutor(threads, thread_name_prefix="database-ops-reads")
        # Their own: were all readers to wait for a store that hangs, everything else would have to wait with them.
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="database-ops-draws")
        self._fresh, self._remembered, self._most, self._clock = fresh, remembered, most, clock
        self._kept: dict[Hashable, _Kept] = {}
        self._lock = threading.Lock()

    async def get(self, key: Hashable, read: Callable[[], T], *, within: float, at_once: float = 0.0) -> Reading[T]:
        """The value of ``key``: a fresh one, else what ``read`` answers ``within`` seconds, else the last one.

        Raises NotAnswered where there is none either. ``read`` goes on meanwhile, for the next one to ask. Where
        the last one is younger than ``at_once`` seconds, which are no more than it is remembered, nobody waits for it.
        """
        kept = self._asked(key)
        running = self._running(kept, read)
        if running is None or self._is_younger(kept, at_once):
            return self._last(kept)
        if await _is_done(running, within):
            running.result()  # raises what reading raised
        return self._last(kept, has_waited=True)

    async def run(self, work: Callable[[], T], *, within: float) -> T:
        """What ``work`` answers, for nobody else; raises NotAnswered where it takes longer than ``within`` seconds."""
        running = self._workers.submit(work)
        if not await _is_done(running, within):
            running.cancel()  # where it has not begun: nobody waits for it any more
            raise NotAnswered
        return running.result()

    def close(self) -> None:
        """Begin nothing more."""
        for threads in (self._readers, self._workers):
            threads.shutdown(wait=False, cancel_futures=True)

    def _asked(self, key: Hashable) -> _Kept:
        """What is kept of it, now the last in line of those that make room for others."""
        with self._lock:
            kept = self._kept.pop(key, None) or _Kept()
            self._kept[key] = kept
            for other in list(self._kept)[: -self._most]:
                del self._kept[other]
            return kept

    def _running(self, kept: _Kept, read: Callable[[], Any]) -> Future[Any] | None:
        """The reading to wait for; None where what is kept is fresh."""
        with self._lock:
            if kept.running is None and (kept.read is None or self._clock() - kept.read >= self._fresh):
                kept.running = self._readers.submit(self._read, kept, read)
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

    def _is_younger(self, kept: _Kept, seconds: float) -> bool:
        with self._lock:
            return kept.read is not None and self._clock() - kept.read < seconds

    def _last(self, kept: _Kept, *, has_waited: bool = False) -> Reading[Any]:
        with self._lock:
            if kept.read is None:
                raise NotAnswered
            age = self._clock() - kept.read
            if age > self._remembered:
                raise NotAnswered
            is_old = has_waited and kept.running is not None and age >= self._fresh
            return Reading(kept.value, age, is_old=is_old)


async def _is_done(running: Future[Any], within: float) -> bool:
    waiting = asyncio.wrap_future(running)
    # Whoever does not wait to the end never looks at what came of it, of which asyncio would complain.
    waiting.add_done_callback(lambda future: future.cancelled() or future.exception())
    done, _ = await asyncio.wait({waiting}, timeout=within)
    return bool(done)
