"""Promise: a server's saturation is where no more connections bring more, and never our own worker's limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.load.saturation import saturation
from dbops.domain.load.steps import STEPS
from tests.unit.loads import BOUND, latency, step, steps

BEHIND = {"response": latency(80), "service": latency(10)}


def test_it_saturates_at_the_step_after_which_none_brings_a_tenth_more() -> None:
    found = saturation(steps(100, 190, 400, 700, 720, 690))
    assert (found.cause, found.connections) == ("throughput", 10)
    assert "10 connections, with 700 requests a second: 25 brought only 3 % more" in found.sentence


def test_a_dip_before_more_throughput_is_no_saturation() -> None:
    assert saturation(steps(100, 190, 180, 400, 410, 405)).connections == 10


def test_more_throughput_that_does_not_keep_up_with_its_schedule_counts_for_nothing() -> None:
    found = saturation([*steps(100, 200), step(5, 400, **BEHIND)])
    assert (found.cause, found.connections) == ("response", 2)
    assert "with 5 half of the requests that fell due were answered after more than 80.0 ms" in found.sentence


def test_too_few_connections_that_do_not_keep_up_are_no_saturation() -> None:
    found = saturation([step(1, 100, **BEHIND), *steps(100, 190, 400, 410)[1:]])
    assert (found.cause, found.connections) == ("throughput", 5)


def test_while_every_step_gains_it_was_not_reached() -> None:
    found = saturation(steps(100, 200, 400, 800, 1600, 3200))
    assert (found.cause, found.connections) == ("not reached", None)
    assert found.sentence == (
        "It did not saturate: 50 connections did 3,200 requests a second, and more connections were not tried."
    )


def test_a_worker_that_is_the_limit_is_never_called_the_servers_saturation() -> None:
    measured = [*steps(100, 200), step(5, 210, **BOUND), step(10, 210, **BOUND), step(25, 205, **BOUND)]
    found = saturation(measured)
    assert (found.cause, found.connections) == ("worker", None)
    assert "from 5 connections on our own worker was the limit" in found.sentence
    assert "210 requests a second at least" in found.sentence
    late = [step(1, 100), step(2, 101, worker_delay_ms=40.0), step(5, 101, worker_delay_ms=40.0)]
    assert saturation(late).cause == "worker"


def test_where_the_server_shares_our_processors_lateness_is_its_load_and_no_limit_of_ours() -> None:
    here = [step(each, rate, worker_cpu=0.03, worker_delay_ms=7.0, local=True) for each, rate in ((1, 100), (2, 103))]
    assert (saturation(here).cause, saturation(here).connections) == ("throughput", 1)
    elsewhere = [replace(one, local=False) for one in here]
    assert saturation(elsewhere).cause == "worker"
    busy = [replace(one, worker_cpu=0.6) for one in here]
    assert saturation(busy).cause == "worker"


@pytest.mark.parametrize(
    ("more", "is_bound"),
    [
        ({"worker_cpu": 0.79}, False),
        ({"worker_cpu": 0.8}, True),
        ({"worker_delay_ms": 1.9, "service": latency(0.5)}, False),
        ({"worker_delay_ms": 2.0, "service": latency(0.5)}, True),
        ({"worker_delay_ms": 9.9, "service": latency(10)}, False),
        ({"worker_delay_ms": 10.0, "service": latency(10)}, True),
        ({"worker_delay_ms": 99.0, "worker_cpu": 0.49, "local": True}, False),
        ({"worker_delay_ms": 99.0, "worker_cpu": 0.5, "local": True}, True),
    ],
)
def test_our_worker_is_the_limit_where_it_is_busy_or_as_late_as_the_server_takes(
    more: dict[str, Any], is_bound: bool
) -> None:
    assert step(2, 100, **more).is_worker_bound is is_bound


@pytest.mark.parametrize(
    ("response", "service", "delay", "is_behind"),
    [
        (21, 10, 0.0, True),
        (20, 10, 0.0, False),
        (19, 10, 0.0, False),  # executed for longer than it waited
        (7, 1, 0.0, True),
        (6, 1, 0.0, False),  # 5 ms, of which nobody speaks
        (21, 10, 7.0, False),  # for most of which our worker was late
    ],
)
def test_the_server_is_behind_where_requests_wait_longer_than_they_are_executed(
    response: float, service: float, delay: float, is_behind: bool
) -> None:
    late = step(5, 400, response=latency(response), service=latency(service), worker_delay_ms=delay)
    assert (saturation([*steps(100, 200), late]).cause == "response") is is_behind


def test_a_saturation_is_told_by_what_more_connections_brought() -> None:
    assert saturation(steps(100, 100)).sentence.endswith("2 brought no more.")
    assert saturation(steps(100, 90)).sentence.endswith("2 brought 10 % less.")
    assert saturation(steps(100, 40)).sentence.endswith("2 brought 60 % less.")
    assert saturation(steps(100, 101)).sentence.endswith("2 brought only 1 % more.")
    assert saturation(steps(100, 200, 150, 120)).sentence.endswith("5 brought 25 % less.")
    assert saturation(steps(100, 104, 108)).sentence.endswith("5 brought only 8 % more.")
    assert saturation(steps(10, 11)).cause == "not reached"


def test_one_connection_is_one_and_two_are_two() -> None:
    found = saturation([step(1, 100, **BOUND), step(2, 190, **BOUND)])
    assert found.sentence == (
        "Where the server saturates was not found: from 1 connection on our own worker was the limit (it used 95 % of "
        "a processor and was 0.1 ms late). The server can do 190 requests a second at least."
    )


def test_what_a_busy_worker_reached_all_the_same_disproves_a_saturation() -> None:
    assert saturation([*steps(100, 200, 205), step(10, 400, **BOUND)]).cause == "worker"
    assert saturation([*steps(100, 200, 205), step(10, 210, **BOUND)]).connections == 2


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=len(STEPS)))
def test_beyond_a_saturation_nothing_brings_a_tenth_more_and_before_it_something_does(measured: list[float]) -> None:
    made = steps(*measured)
    found = saturation(made)
    if found.connections is None:
        assert all(
            max(one.throughput for one in made[number + 1 :]) >= here.throughput * 1.1
            for number, here in enumerate(made[:-1])
        )
        return
    at = [one.connections for one in made].index(found.connections)
    assert all(later.throughput < made[at].throughput * 1.1 for later in made[at + 1 :])
    assert all(
        max(one.throughput for one in made[number + 1 :]) >= here.throughput * 1.1
        for number, here in enumerate(made[:at])
    )


def test_nothing_follows_from_no_step() -> None:
    with pytest.raises(ValueError, match="seen in steps"):
        saturation([])
