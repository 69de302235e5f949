"""each_apart: ask the same of many, several at a time; what is wrong with one of them is no other's matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

AT_ONCE = 8
"""What a store or an address costs is waiting: hundreds of targets are not to wait for one another."""


def each_apart(many: Iterable[_T], ask: Callable[[_T], _R], otherwise: Callable[[_T, Exception], _R]) -> list[_R]:
    """The answer of each, in their order; of one for which ``ask`` raises, what ``otherwise`` makes of its error.

    ``AT_ONCE`` are asked at a time, each in a thread, in which ``otherwise`` is called as well: it is not to raise.
    """

    def answer(one: _T) -> _R:
        try:
            return ask(one)
        except Exception as error:  # noqa: BLE001 - the others are asked all the same
            return otherwise(one, error)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="each-apart") as pool:
        return list(pool.map(answer, many))
