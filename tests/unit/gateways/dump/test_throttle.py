"""Promises of the throttle: the average holds, and without a limit nothing waits."""

from hypothesis import given
from hypothesis import strategies as st

from dbops.gateways.dump.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(lengths=st.lists(st.integers(1, 10_000_000), min_size=2), rate=st.integers(1_000, 100_000_000))
def test_what_has_passed_before_is_paid_for_at_the_rate(lengths: list[int], rate: int) -> None:
    clock = Clock()
    throttle = Throttle(rate, monotonic=lambda: clock.now, sleep=clock.sleep)
    for length in lengths:
        throttle.take(length)
    assert clock.now - 100.0 >= sum(lengths[:-1]) / rate * 0.999999


def test_without_a_limit_nothing_waits() -> None:
    clock = Clock()
    throttle = Throttle(None, monotonic=lambda: clock.now, sleep=clock.sleep)
    throttle.take(10**12)
    assert clock.now == 100.0


def test_time_that_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    throttle = Throttle(1000, monotonic=lambda: clock.now, sleep=clock.sleep)
    throttle.take(1000)
    clock.now += 3600
    throttle.take(1000)
    before = clock.now
    throttle.take(1)
    assert clock.now == before + 1.0
