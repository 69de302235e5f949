from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.load.pool_advice import PoolSetting, pool_advice
from dbops.domain.load.steps import STEPS, LoadStep
from tests.unit.loads import BOUND, latency, limits, step, steps


def setting(name: str, measured: list[LoadStep], **of_server: Any) -> PoolSetting:
    advice = pool_advice(measured, limits(**of_server), 20)
    return next(each for each in advice.settings if each.name == name)


def test_a_worker_that_is_the_limit_from_the_first_connection_on_yields_no_pool_size() -> None:
    advice = pool_advice(steps(100, 105, **BOUND), limits(), 20)
    assert advice.pool_size is None
    assert advice.instances == ()
    assert {each.name for each in advice.settings} == {"pool timeout", "connect timeout", "idle timeout"}


def test_the_pool_timeout_is_never_that_of_a_step_with_one_connection_where_a_larger_one_was_measured() -> None:
    slow = {"response": latency(700), "service": latency(300)}
    measured = [step(1, 100), step(2, 101, **slow), step(5, 101, **slow)]
    assert pool_advice(measured, limits(), 20).pool_size == 1
    found = setting("pool timeout", measured)
    assert found.value == 7
    assert found.why.startswith("With 2 connections 99 of 100 requests")
    assert {each.name for each in pool_advice(measured[:1], limits(), 20).settings} == {
        "pool size",
        "connect timeout",
        "idle timeout",
    }


def test_the_pool_is_as_large_as_where_it_saturates_and_says_how_it_divides() -> None:
    advice = pool_advice(steps(100, 190, 400, 700, 720, 690), limits(), 20)
    assert advice.pool_size == 10
    assert advice.instances == ((1, 10), (2, 5), (4, 2), (8, 1))
    assert "More than 10 connections bring no more throughput" in advice.settings[0].why


def test_where_the_server_shares_our_processors_and_more_brings_nothing_the_pool_is_one() -> None:
    here = [step(each, rate, worker_cpu=0.03, worker_delay_ms=7.0, local=True) for each, rate in ((1, 100), (2, 103))]
    assert pool_advice(here, limits(), 20).pool_size == 1


def test_the_pool_leaves_to_others_what_is_theirs() -> None:
    size = setting("pool size", steps(100, 200, 400, 800), role_limit=8)
    assert size.value == 6
    assert size.why == (
        "10 is the most that was tried, and the server still gained from it; yet our role allows 8, of which 2 are "
        "left to others. It is for all instances of the application together."
    )


def test_the_tightest_limit_is_that_which_leaves_least_when_others_have_theirs() -> None:
    """Of the server's 50 connections 30 are reserved, and a fifth of all are left to others."""
    size = setting("pool size", steps(100, 200, 400, 800, 1600), max_connections=50, reserved=30, role_limit=15)
    assert size.value == 10
    assert "; yet the server allows 20, of which 10 are left to others." in size.why


def test_a_pool_that_just_fits_is_not_said_to_be_narrowed() -> None:
    size = setting("pool size", steps(100, 200, 400, 800), role_limit=12)  # of which 3 are left to others
    assert (size.value, "yet our role allows 12, of which 3" in size.why) == (9, True)
    fits = setting("pool size", steps(100, 200, 400), role_limit=6)  # of which 2 are
    assert (fits.value, "yet" in fits.why) == (4, True)
    exact = setting("pool size", steps(100, 200, 400), role_limit=7)
    assert (exact.value, "yet" in exact.why) == (5, False)


def test_where_one_limit_is_nearly_used_up_connections_are_scarce_however_many_another_has() -> None:
    idle = setting("idle timeout", steps(100, 200), used=40, role_limit=5, role_used=4)
    assert idle.value == 60
    assert idle.why.startswith("4 of the 5 connections of our role were in use before the first step, so an idle one")


throughputs = st.lists(st.floats(1, 1e6), min_size=1, max_size=len(STEPS))


@given(throughputs, st.lists(st.booleans(), min_size=6, max_size=6), st.integers(4, 300), st.floats(0, 99))
def test_a_pool_is_always_one_that_was_measured_or_what_others_leave(
    measured: list[float], bound: list[bool], most: int, percent: float
) -> None:
    made = [
        step(connections, each, worker_cpu=0.9 if by_worker else 0.1)
        for connections, each, by_worker in zip(STEPS, measured, bound, strict=False)
    ]
    of_server = limits(max_connections=most)
    advice = pool_advice(made, of_server, percent)
    trusted = list(itertools.takewhile(lambda one: not one.is_worker_bound, made))
    if not trusted:
        assert advice.pool_size is None
        return
    assert advice.pool_size is not None
    (ceiling,) = of_server.ceilings()
    room = max(1, ceiling.limit - ceiling.reserve(percent))
    assert advice.pool_size in {room, *(one.connections for one in trusted)}
    assert 1 <= advice.pool_size <= room
    assert all(instances * each <= advice.pool_size and each >= 1 for instances, each in advice.instances)


@pytest.mark.parametrize(
    ("response_ms", "seconds"),
    [(2, 2), (400, 4), (400.2, 5), (450, 5), (60_000, 10)],
    ids=["quick", "whole", "a little more", "slow", "hopeless"],
)
def test_the_pool_timeout_is_ten_times_a_slow_response_within_bounds(response_ms: float, seconds: int) -> None:
    measured = [step(1, 100), step(2, 200, response=latency(response_ms), service=latency(response_ms))]
    assert setting("pool timeout", measured).value == seconds


@pytest.mark.parametrize(("connect_ms", "seconds"), [(5, 2), (900, 4), (1000, 4), (1000.5, 5), (20_000, 30)])
def test_the_connect_timeout_is_four_times_the_slowest_connection_within_bounds(
    connect_ms: float, seconds: int
) -> None:
    measured = [step(1, 100), step(2, 200, connect=latency(connect_ms))]
    assert setting("connect timeout", measured).value == seconds


def test_the_idle_timeout_is_shorter_where_connections_are_scarce_or_the_server_ends_them() -> None:
    measured = steps(100, 200)
    assert setting("idle timeout", measured).value == 180
    scarce = setting("idle timeout", measured, used=80)
    assert scarce.value == 60
    assert "80 of the 97 connections of the server were in use" in scarce.why
    ended = setting("idle timeout", measured, used=80, idle_session_timeout_ms=30_000)
    assert ended.value == 15
    assert "after 30 seconds (idle_session_timeout)" in ended.why


@pytest.mark.parametrize(("used", "seconds"), [(58, 180), (59, 60)])
def test_connections_are_scarce_from_three_of_five_on(used: int, seconds: int) -> None:
    assert setting("idle timeout", steps(100, 200), used=used).value == seconds  # of 97
    assert setting("idle timeout", steps(100, 200), max_connections=103, used=60).value == 60  # of 100


@pytest.mark.parametrize(
    ("ends_ms", "seconds"), [(0, 180), (400_000, 180), (360_000, 180), (358_000, 179), (3_000, 1), (1_000, 1)]
)
def test_the_pool_ends_an_idle_connection_before_the_server_does(ends_ms: int, seconds: int) -> None:
    assert setting("idle timeout", steps(100, 200), idle_session_timeout_ms=ends_ms).value == seconds


def test_the_pool_timeout_is_that_of_the_largest_step_that_the_pool_is_as_large_as() -> None:
    def waits(connections: int, rate: float) -> LoadStep:
        return step(connections, rate, response=latency(connections * 100), service=latency(connections * 90))

    measured = [waits(1, 100), waits(2, 200), waits(5, 400), waits(10, 410)]
    assert pool_advice(measured, limits(), 20).pool_size == 5
    assert setting("pool timeout", measured).why.startswith("With 5 connections ")
    narrow = setting("pool timeout", measured, role_limit=5)  # of which 1 is left to others
    assert narrow.why.startswith("With 2 connections ")


def test_a_pool_size_says_from_which_kind_of_limit_it_follows() -> None:
    behind = step(5, 400, response=latency(80), service=latency(10))
    assert "With more than 2 connections requests wait behind each other" in (
        setting("pool size", [*steps(100, 200), behind]).why
    )
    assert "2 is the most that was tried" in setting("pool size", steps(100, 200)).why
    busy = [*steps(100, 200), step(5, 210, **BOUND)]
    assert "2 is the most at which the server, and not our worker, was measured" in setting("pool size", busy).why


def test_each_number_is_called_as_the_pools_call_it() -> None:
    names = {
        each.name: (each.prisma, each.node, each.sqlalchemy, each.pgbouncer)
        for each in pool_advice(steps(100, 200), limits(), 20).settings
    }
    assert names == {
        "pool size": ("connection_limit", "max", "pool_size, with max_overflow=0", "default_pool_size, undivided"),
        "pool timeout": ("pool_timeout", "connectionTimeoutMillis", "pool_timeout", "query_wait_timeout"),
        "connect timeout": (
            "connect_timeout",
            "connectionTimeoutMillis",
            'connect_args={"connect_timeout": ...}',
            "server_connect_timeout",
        ),
        "idle timeout": (
            "max_idle_connection_lifetime",
            "idleTimeoutMillis",
            "pool_recycle, with pool_pre_ping=True",
            "server_idle_timeout",
        ),
    }


def test_an_idle_connection_is_kept_for_what_a_new_one_costs() -> None:
    assert setting("idle timeout", steps(100, 200)).why == (
        "A connection costs 5.0 ms, so it is kept while it may be needed, but less long than the 4 minutes after which "
        "load balancers and NAT gateways begin to forget an idle one."
    )


def test_every_number_has_a_reason_and_a_name_in_every_pool() -> None:
    for each in pool_advice(steps(100, 105), limits(), 20).settings:
        assert each.why.endswith(".")
        assert each.prisma
        assert each.node
        assert each.sqlalchemy
        assert each.pgbouncer
