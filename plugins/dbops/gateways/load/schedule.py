"""When requests are sent under load: without a pause, or at a fixed rate that does not wait for the server.

A loop that sends its next request when the last one is answered measures a server too kindly: while the server stalls
for a second, the loop asks nothing, and of the hundred requests that users would have sent in that second one single
sample is slow. Its percentiles hide the stall. (Gil Tene calls that coordinated omission.) So each step has two phases:

1. **Without a pause**, every connection asks again as soon as it is answered. That is right for one number only: how
   many requests a second so many connections can do.
2. **At a fixed rate**, a share of that number, the n-th request falls due at ``start + n / rate``, whatever became of
   those before. A connection that is free takes the request that is due next, as in the pool of an application. Where
   all are busy it waits, and its ``response`` counts from when it was due; its ``service`` from when it was sent. After
   a stall the requests that fell due meanwhile are sent one after the other, and each shows how long it waited. When
   time is up, what fell due and was never sent is counted too, with as long as it has waited already.

Latencies under load are those of the second phase. Why a share: at the full rate the queue would grow in any case, for
want of the slightest pause, and show the arithmetic of queues instead of the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

NANOSECONDS = 1_000_000_000

Ask = Callable[[int], bool]
"""Sends the n-th request and waits for its answer: whether it succeeded."""


class Timer(Protocol):
    """Time as the phases see it, in nanoseconds."""

    def now(self) -> int:
        """A monotonic clock."""
        ...

    def wait_until(self, moment: int) -> bool:
        """Wait; False at once when all has to end."""
        ...


class StoppableTimer:
    """Real time, until ``stopping`` is set."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def now(self) -> int:
        """The monotonic clock of this machine."""
        return time.perf_counter_ns()

    def wait_until(self, moment: int) -> bool:
        """Wait for that moment, or for the end."""
        left = moment - self.now()
        return not (self._stopping.is_set() if left <= 0 else self._stopping.wait(left / NANOSECONDS))


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: ``idle`` says that its connection was there before it fell due, and waited for it."""

    due: int
    sent: int
    done: int
    ok: bool
    idle: bool = False

    @property
    def response(self) -> int:
        """From when it was due until it was answered."""
        return self.done - self.due

    @property
    def service(self) -> int:
        """From when it was sent until it was answered."""
        return self.done - self.sent


class Schedule:
    """Hands out which request is due when, to all connections together; the first is due at ``start``."""

    def __init__(self, start: int, *, rate: float, seconds: float) -> None:
        self._start, self._rate = start, rate
        self.count = max(1, round(rate * seconds))
        self._taken = 0
        self._lock = threading.Lock()

    def take(self) -> tuple[int, int] | None:
        """The number of the next request and when it is due; None when all were taken."""
        with self._lock:
            if self._taken >= self.count:
                return None
            number, self._taken = self._taken, self._taken + 1
        return number, self.due(number)

    def due(self, number: int) -> int:
        """When that request is due."""
        return self._start + round(number * NANOSECONDS / self._rate)

    def untaken(self) -> list[int]:
        """When those were due that nobody took."""
        with self._lock:
            return [self.due(number) for number in range(self._taken, self.count)]


class Numbers:
    """Hands out 0, 1, 2, ... to all connections together."""

    def __init__(self) -> None:
        self._next = 0
        self._lock = threading.Lock()

    def take(self) -> int:
        """The next."""
        with self._lock:
            number, self._next = self._next, self._next + 1
        return number


def ask_without_pause(numbers: Numbers, ask: Ask, timer: Timer, *, start: int, end: int) -> list[Sample]:
    """What one connection does in the first phase: the last request is sent before ``end``, and answered."""
    samples: list[Sample] = []
    if not timer.wait_until(start):
        return samples
    while (sent := timer.now()) < end and timer.wait_until(sent):
        ok = ask(numbers.take())
        samples.append(Sample(sent, sent, timer.now(), ok))
    return samples


def ask_on_schedule(schedule: Schedule, ask: Ask, timer: Timer, *, end: int) -> list[Sample]:
    """What one connection does in the second phase; after ``end`` it sends nothing, be it due or not."""
    samples: list[Sample] = []
    while timer.now() < end and (taken := schedule.take()) is not None:
        number, due = taken
        idle = timer.now() < due
        if not timer.wait_until(due):
            break
        sent = timer.now()
        ok = ask(number)
        samples.append(Sample(due, sent, timer.now(), ok, idle))
    return samples
