"""each_apart: the answers keep their order, an error stays with whom it was of, and so many are asked at once."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.errors import BucketError
from dbops.jobs.each_apart import AT_ONCE, each_apart

_A_LONG_TIME = 60.0  # nobody waits for it: a test that could fail ends by it


@given(st.lists(st.tuples(st.text(), st.booleans()), max_size=3 * AT_ONCE))
def test_each_has_its_answer_in_its_place_whoever_else_fails(asked: list[tuple[str, bool]]) -> None:
    def ask(one: tuple[str, bool]) -> str:
        name, is_well = one
        if not is_well:
            raise BucketError(f"There is no {name}.", "")
        return f"well: {name}"

    answers = each_apart(asked, ask, lambda one, error: f"{one[0]}: {error}")
    assert answers == [f"well: {name}" if is_well else f"{name}: There is no {name}." for name, is_well in asked]


def test_what_nobody_expected_stays_with_whom_it_was_of_too(caplog: pytest.LogCaptureFixture) -> None:
    assert each_apart([1, 0, 2], lambda number: 2 // number, lambda _number, _error: -1) == [2, -1, 1]
    assert caplog.text == "", "what is said of it is the caller's"


def test_so_many_are_asked_at_once_and_no_more() -> None:
    together = threading.Barrier(AT_ONCE)
    lock, running, most = threading.Lock(), 0, 0

    def ask(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(_A_LONG_TIME)  # nobody is answered before all of them are asked
        with lock:
            running -= 1
        return number

    many = range(3 * AT_ONCE)
    assert each_apart(many, ask, lambda _number, _error: -1) == list(many)
    assert most == AT_ONCE
