"""A latency keeps its samples, to three digits, and several are one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbops.domain.probes.latency import Latency
from tests.unit.probe_samples import latency_of


def test_its_percentiles_are_those_of_its_samples() -> None:
    taken = latency_of(range(1, 101))
    assert (taken.count, taken.mean, taken.max) == (100, 50.5, 100)
    assert [round(one) for one in (taken.p50, taken.p95, taken.p99)] == [50, 95, 99]


def test_each_sample_can_be_asked_for_by_its_rank() -> None:
    taken = latency_of([7, 1, 5, 3, 300])
    assert [taken.sample(rank) for rank in range(1, 6)] == pytest.approx([1, 3, 5, 7, 300], rel=0.001)


def test_a_rank_is_a_rank_however_many_samples_there_are() -> None:
    taken = latency_of(range(1, 401))
    assert [taken.sample(rank) for rank in range(1, 401)] == pytest.approx(range(1, 401), rel=0.001)


def test_two_milliseconds_are_kept_to_the_microsecond() -> None:
    taken = latency_of([0.5, 0.999, 2])
    assert (taken.sample(1), taken.sample(2), taken.p50) == (0.5, 0.999, 0.999)


def test_several_are_one_of_all_their_samples() -> None:
    both = Latency.merged([latency_of([1, 2, 3]), latency_of([400])])
    assert both == latency_of([1, 2, 3, 400])


def test_there_is_no_latency_without_samples() -> None:
    for nothing in (Latency.of, Latency.merged):
        with pytest.raises(ValueError, match="samples"):
            nothing([])


SAMPLES = st.lists(st.integers(min_value=0, max_value=10**11), min_size=1, max_size=60)


@settings(max_examples=30)
@given(SAMPLES, SAMPLES)
def test_no_percentile_is_above_the_next_or_above_the_slowest_sample(some: list[int], others: list[int]) -> None:
    first, second = Latency.of(some), Latency.of(others)
    for one in (first, second, Latency.merged([first, second])):
        assert one.p50 <= one.p95 <= one.p99 <= one.max
        assert one.sample(one.count) <= one.max
    assert (first.max, second.max) == (max(some) / 1e6, max(others) / 1e6)
