"""Waiting for many things at once, of which some hang: time is up when all others have answered, however slow we are.

Seconds would not do: on a busy machine what is well has not answered within two of them either.
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from itertools import islice
from types import ModuleType
from typing import Any

import pytest

PLENTY = timedelta(hours=1)
"""More than anything here takes, on any machine."""

_Any = Future[Any]


def time_is_up_for(
    hanging: int,
    monkeypatch: pytest.MonkeyPatch,
    job: ModuleType,
    *,
    hanging_folders: int = 0,
    begun: threading.Event | None = None,
) -> None:
    """What the job waits for, within PLENTY of time, is over when all but so many have answered.

    And not before what hangs has ``begun`` to: what has not begun by then is never done.
    """

    def answered(futures: Iterable[_Any], limit: float, but: int) -> Iterator[_Any]:
        assert 0 < limit <= PLENTY.total_seconds()
        asked = set(futures)
        assert begun is None or begun.wait(PLENTY.total_seconds())
        return islice(concurrent.futures.as_completed(asked), len(asked) - but)

    def as_completed(futures: Iterable[_Any], limit: float) -> Iterator[_Any]:
        yield from answered(futures, limit, hanging_folders)
        if hanging_folders:
            raise TimeoutError

    def wait(futures: Iterable[_Any], timeout: float) -> tuple[set[_Any], set[_Any]]:
        asked = set(futures)
        done = set(answered(asked, timeout, hanging))
        return done, asked - done

    monkeypatch.setattr(job, "wait", wait)
    monkeypatch.setattr(job, "as_completed", as_completed, raising=False)
