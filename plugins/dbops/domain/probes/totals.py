"""Probe totals: all operations of a run at one glance, in the form of the application's own summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dbops.domain.probes.latency import Latency
from dbops.domain.probes.operations import PassedByModel, in_words, passed_by_model
from dbops.domain.probes.run import ProbeResult
from dbops.domain.words.quantities import format_count, format_ms

SLOW_MS = 100.0


@dataclass(frozen=True, kw_only=True)
class ProbeTotals:
    """``passed`` is, by model, how many operations worked, and how many there are: slow ones have passed too.

    ``samples``, ``average`` and ``p95`` are of all samples of all operations, None where there are none. ``slowest`` is
    the operation with the highest p95. Pools are in neither, for opening many connections is no operation: ``pools``
    are theirs, by p95. ``above`` are all whose p95 is above 100 ms, the slowest first.
    """

    passed: PassedByModel
    samples: int
    average: float | None
    p95: float | None
    slowest: str
    pools: tuple[tuple[str, float], ...]
    above: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, results: Sequence[ProbeResult]) -> Self:
        """Of a run's results, in their order."""
        timed = [(result.probe, latency) for result in results if (latency := result.latency)]
        ranked = sorted(((name, latency.p95) for name, latency in timed), key=lambda one: -one[1])
        pools = {result.probe for result in results if result.waits is not None}
        single = [latency for name, latency in timed if name not in pools]
        together = Latency.merged(single) if single else None
        return cls(
            passed=passed_by_model((one.model, not one.is_failed) for one in results),
            samples=together.count if together else 0,
            average=together.mean if together else None,
            p95=together.p95 if together else None,
            slowest=next((name for name, _ in ranked if name not in pools), ""),
            pools=tuple((name, p95) for name, p95 in ranked if name in pools),
            above=tuple((name, p95) for name, p95 in ranked if p95 > SLOW_MS),
        )

    def models(self) -> str:
        """``User 3/3, Summary 4/4``."""
        return in_words(self.passed)

    def overall(self) -> str:
        """``4.1 ms on average, p95 22 ms, of 640 samples``."""
        if self.average is None or self.p95 is None:
            return "nothing was timed"
        samples = format_count(self.samples, "sample")
        return f"{format_ms(self.average)} on average, p95 {format_ms(self.p95)}, of {samples}"

    def slow_ones(self) -> str:
        """``a 140 ms, b 120 ms``, or none."""
        return _each(self.above) or "none"

    def pooled(self) -> str:
        """``connection_pool 180 ms``: until every connection was open and had answered."""
        return _each(self.pools)


def _each(named: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {format_ms(p95)}" for name, p95 in named)
