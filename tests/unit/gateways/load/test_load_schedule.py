from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.probes.latency import Latency
from dbops.gateways.load.schedule import (
    Numbers,
    Sample,
    Schedule,
    StoppableTimer,
    ask_on_schedule,
    ask_without_pause,
)
from tests.unit.loads import MILLISECOND, SECOND, VirtualTimer

FOREVER = 10**18


def a_server(timer: VirtualTimer, service: Callable[[int], int]) -> Callable[[int], bool]:
    """Takes so many nanoseconds for the n-th request."""

    def ask(number: int) -> bool:
        timer.moment += service(number)
        return True

    return ask


def on_schedule(service: Callable[[int], int], *, rate: float, seconds: float, end: int = FOREVER) -> list[Sample]:
    timer = VirtualTimer()
    return ask_on_schedule(Schedule(0, rate=rate, seconds=seconds), a_server(timer, service), timer, end=end)


def stalls_once(number: int) -> int:
    return SECOND if number == 500 else MILLISECOND


def test_a_stall_of_a_second_shows_in_the_responses_although_one_request_was_slow() -> None:
    samples = on_schedule(stalls_once, rate=100, seconds=10)
    response = Latency.of(sample.response for sample in samples)
    service = Latency.of(sample.service for sample in samples)
    assert sum(sample.service > 2 * MILLISECOND for sample in samples) == 1
    assert service.p99 < 2
    assert response.p99 > 800
    assert sum(sample.response > 100 * MILLISECOND for sample in samples) > 90
    assert response.max == service.max


def test_without_a_schedule_the_same_stall_would_be_hidden() -> None:
    timer = VirtualTimer()
    ask = a_server(timer, stalls_once)
    samples = ask_without_pause(Numbers(), ask, timer, start=0, end=10 * SECOND)
    assert Latency.of(sample.response for sample in samples).p99 < 2


@given(
    st.lists(st.integers(0, 200 * MILLISECOND), min_size=1, max_size=200),
    st.floats(1, 1000),
)
def test_a_response_is_the_wait_behind_all_that_were_due_before_and_the_service(
    services: Sequence[int], rate: float
) -> None:
    samples = on_schedule(lambda number: services[number], rate=rate, seconds=len(services) / rate)
    assert len(samples) == len(services)
    free = 0
    for number, (sample, service) in enumerate(zip(samples, services, strict=True)):
        due = round(number * SECOND / rate)
        assert (sample.due, sample.sent) == (due, max(due, free))
        assert sample.idle is (free < due)
        assert sample.service == service
        assert sample.response >= sample.service
        free = sample.done


@given(st.lists(st.integers(0, SECOND), min_size=100, max_size=100), st.integers(0, 3 * SECOND))
def test_no_request_that_fell_due_is_forgotten_be_the_server_as_slow_as_it_will(
    services: Sequence[int], end: int
) -> None:
    timer, schedule = VirtualTimer(), Schedule(0, rate=100, seconds=1)
    samples = ask_on_schedule(schedule, a_server(timer, lambda number: services[number]), timer, end=end)
    assert sorted([*(sample.due for sample in samples), *schedule.untaken()]) == [
        number * SECOND // 100 for number in range(100)
    ]


@given(st.integers(1, 8), st.integers(1, 300))
def test_connections_share_a_schedule_and_no_request_is_sent_twice(threads: int, count: int) -> None:
    schedule = Schedule(0, rate=1000, seconds=count / 1000)
    taken: list[int] = []

    def take_all() -> None:
        while (one := schedule.take()) is not None:
            taken.append(one[0])

    at_work = [threading.Thread(target=take_all) for _ in range(threads)]
    for thread in at_work:
        thread.start()
    for thread in at_work:
        thread.join()
    assert sorted(taken) == list(range(count))
    assert schedule.untaken() == []


def test_a_schedule_has_one_request_at_least() -> None:
    assert Schedule(0, rate=0.1, seconds=1).count == 1


def test_nothing_is_sent_after_the_end_without_a_pause() -> None:
    timer = VirtualTimer()
    samples = ask_without_pause(Numbers(), a_server(timer, lambda _: 300), timer, start=1000, end=2000)
    assert [sample.sent for sample in samples] == [1000, 1300, 1600, 1900]


def test_a_stop_ends_every_wait_at_once() -> None:
    stopping = threading.Event()
    timer = StoppableTimer(stopping)
    assert timer.wait_until(timer.now())
    stopping.set()
    assert not timer.wait_until(timer.now() + 3600 * SECOND)
    assert not timer.wait_until(timer.now())
    asked: list[int] = []

    def ask(number: int) -> bool:
        asked.append(number)
        return True

    start = timer.now()
    assert ask_without_pause(Numbers(), ask, timer, start=start, end=start + 3600 * SECOND) == []
    assert ask_on_schedule(Schedule(start, rate=1, seconds=9), ask, timer, end=start + 3600 * SECOND) == []
    assert asked == []
