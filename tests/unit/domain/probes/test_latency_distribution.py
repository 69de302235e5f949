"""A latency's histogram gives its samples back."""

from __future__ import annotations

import pytest
from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]  # ships no types

from dbops.domain.probes.latency import Latency
from tests.probing_runs import latency


@pytest.mark.parametrize("p50", [0.002, 0.3, 30.0, 3000.0, 60_000.0])
def test_the_samples_come_back_ascending_as_the_histograms_own_iterator_gives_them(p50: float) -> None:
    seen = latency(p50)
    own = HdrHistogram.decode(seen.histogram).get_recorded_iterator()
    told = [(item.value_iterated_to / 1000, item.count_added_in_this_iter_step) for item in own]
    assert seen.distribution() == told
    assert sum(count for _, count in told) == seen.count


def test_each_sample_is_told_to_three_digits_and_equal_ones_together() -> None:
    assert Latency.of([2_000_000, 1_000_000, 2_000_000]).distribution() == [(1.0, 1), (2.0, 2)]
