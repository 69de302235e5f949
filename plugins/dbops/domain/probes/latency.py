"""Latency: how long an operation took, N times over, as percentiles and as the histogram they come from.

An HDR histogram keeps every sample to three digits, from a microsecond to an hour, so that runs can be compared later
by any percentile. Times are milliseconds everywhere but inside of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from hdrh.histogram import HdrHistogram  # type: ignore[import-untyped]  # ships no types
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dbops.domain.words.recorded import Real, Whole

_LOWEST, _HIGHEST, _DIGITS = 1, 3_600_000_000, 3  # microseconds


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Latency:
    """Of ``count`` samples; ``histogram`` is the HDR V2 encoding, in microseconds, as text.

    No percentile is above ``max``, which is exact.
    """

    count: Whole
    p50: Real
    p95: Real
    p99: Real
    max: Real
    mean: Real
    histogram: str

    @classmethod
    def of(cls, nanoseconds: Iterable[int]) -> Self:
        """Of samples as a monotonic clock gives them; raises ValueError where there are none."""
        samples = list(nanoseconds)
        if not samples:
            raise ValueError("a latency is one of samples")
        histogram = _empty()
        for sample in samples:
            histogram.record_value(min(max(round(sample / 1000), _LOWEST), _HIGHEST))
        mean = sum(samples) / len(samples) / 1e6
        return cls._of(histogram, count=len(samples), mean=mean, largest=max(samples) / 1e6)

    @classmethod
    def merged(cls, latencies: Iterable[Self]) -> Self:
        """Of the samples of all of them; raises ValueError where there are none."""
        several = list(latencies)
        if not several:
            raise ValueError("a latency is one of samples")
        histogram = _empty()
        for one in several:
            histogram.decode_and_add(one.histogram)
        count = sum(one.count for one in several)
        mean = sum(one.mean * one.count for one in several) / count
        return cls._of(histogram, count=count, mean=mean, largest=max(one.max for one in several))

    @classmethod
    def _of(cls, histogram: HdrHistogram, *, count: int, mean: float, largest: float) -> Self:
        values = histogram.get_percentile_to_value_dict([50, 95, 99])  # in one pass: each walks every bucket
        # It answers with the highest value that it cannot tell from a sample, which may be above all of them.
        p50, p95, p99 = (min(values[percent] / 1000, largest) for percent in (50, 95, 99))
        return cls(
            count=count,
            p50=p50,
            p95=p95,
            p99=p99,
            max=largest,
            mean=mean,
            histogram=histogram.encode().decode("ascii"),
        )

    def sample(self, rank: int) -> float:
        """The sample of that rank in milliseconds; the smallest has rank 1."""
        value = HdrHistogram.decode(self.histogram).get_value_at_percentile(100 * rank / self.count)
        return min(float(value) / 1000, self.max)

    def distribution(self) -> list[tuple[float, int]]:
        """The samples again, as milliseconds and how many there were of each, ascending."""
        decoded = HdrHistogram.decode(self.histogram)
        # The library's own iterator gives the same and takes ten times as long, of which charts ask for many.
        counts = enumerate(map(decoded.get_count_at_index, range(decoded.counts_len)))
        return [
            (decoded.get_highest_equivalent_value(decoded.get_value_from_index(index)) / 1000, count)
            for index, count in counts
            if count
        ]


def _empty() -> HdrHistogram:
    return HdrHistogram(_LOWEST, _HIGHEST, _DIGITS)
