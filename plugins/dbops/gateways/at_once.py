"""What is small and has to be done by the thousand, several at a time: what a store takes is waiting, not work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def for_each(items: Sequence[_T], act: Callable[[_T], object], threads: int) -> None:
    """Do it for each, ``threads`` at a time; raises what one of them raised, and begins no more of them then."""
    with ThreadPoolExecutor(threads, "at-once") as pool:
        for _ in pool.map(act, items):
            pass
