"""OneAServer: many servers at once, and never two questions to one, so that one that is stuck delays only its own.

What waits for a database server is deaf to everything, and has no limit where the server is stuck and not gone.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_TICK = 0.1

T = TypeVar("T")


class OneAServer(Generic[T]):
    """``act`` is called for each, in threads, and answers with a line; ``give_up`` for one whose server is stuck.

    Both raise nothing. A server has one that is being worked at, the next is begun when that is done. What comes first
    is begun first, where its server is free. What is not done after ``patience`` is given up: its thread is left
    alone, which keeps no process alive, and so are the others of its server.
    """

    def __init__(
        self,
        act: Callable[[T], str],
        give_up: Callable[[T], str],
        *,
        threads: int,
        clock: Callable[[], datetime],
        patience: timedelta,
    ) -> None:
        self._act, self._give_up, self._threads = act, give_up, threads
        self._clock, self._patience = clock, patience
        self._changed = threading.Condition()
        self._free: list[tuple[int, deque[tuple[int, T]]]] = []
        self._busy: dict[int, tuple[T, datetime]] = {}
        self._lines: list[str] = []
        self._until: datetime | None = None

    def run(self, waiting: Iterable[tuple[Hashable, T]], until: datetime) -> list[str]:
        """A line on each, with its server, that was begun before ``until``, in the order in which they were done."""
        servers: dict[Hashable, deque[tuple[int, T]]] = {}
        for place, (server, one) in enumerate(waiting):
            servers.setdefault(server, deque()).append((place, one))
        self._free = [(queue[0][0], queue) for queue in servers.values()]  # in order, which a heap is
        self._until = until
        try:
            for _ in range(min(self._threads, len(self._free))):
                self._start()
            while (stuck := self._wait()) is not None:
                for place in stuck:
                    self._leave(place)
        finally:
            self._until = None  # whatever ends this, nothing more is begun
        return list(self._lines)

    def _start(self) -> None:
        threading.Thread(target=self._work, daemon=True, name="one-a-server").start()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            queue, place, one = taken
            line = self._act(one)
            with self._changed:
                if self._busy.pop(place, None) is None:
                    return  # it was given up, and another thread has begun instead
                self._lines.append(line)
                if queue:
                    heapq.heappush(self._free, (queue[0][0], queue))
                self._changed.notify_all()

    def _take(self) -> tuple[deque[tuple[int, T]], int, T] | None:
        """None where nothing is to be begun: the servers that are not free have threads, which go on with them."""
        with self._changed:
            if not self._free or self._is_over():
                self._changed.notify_all()
                return None
            _, queue = heapq.heappop(self._free)
            place, one = queue.popleft()
            self._busy[place] = (one, self._clock())
            return queue, place, one

    def _wait(self) -> list[int] | None:
        """What is stuck by now; None where all is done that is to be begun."""
        with self._changed:
            while self._busy or (self._free and not self._is_over()):
                now = self._clock()
                stuck = [place for place, (_, began) in self._busy.items() if now - began >= self._patience]
                if stuck:
                    return stuck
                self._changed.wait(_TICK)
            return None

    def _leave(self, place: int) -> None:
        with self._changed:
            found = self._busy.pop(place, None)
        if found is None:
            return  # it was done after all
        self._lines.append(self._give_up(found[0]))
        self._start()

    def _is_over(self) -> bool:
        return self._until is None or self._clock() >= self._until
