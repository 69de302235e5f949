"""Probe judgement: whether an operation is slower than its own history, and not just measured at a bad moment.

It is where a percentile of this run is above a line, in both of the run's measurements. The line is the median of the
last runs' percentiles, raised by the margin that is relative and absolute, and at least their own p95: what the history
has shown before is no news. The absolute margin of the p50 is a fifth of that of the p95, 1 ms and 5 ms by default:
with 5 ms an operation of 0.24 ms could become twenty times as slow unnoticed, and what protects the p50 from a bad
moment is that more than half of the samples have to be above its line.

A percentile of few samples is a lottery: the p95 of forty is the third largest, so that three stalls anywhere move it.
Hence what is counted is how many samples lie above the line. If the operation was as it always was, a sample is there
with a chance of at most one half for the p50, and of one in twenty for the p95. Only a number of samples that such a
chance would bring about rarely counts: of forty, 23 above the line of the p50, or 7 above that of the p95.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, exp, lgamma, log

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.history import Statistic, latencies_of, line, usual
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measurement
from dbops.domain.probes.probe import Probe
from dbops.domain.probes.run import ProbeRun, Slower

# By statistic: the chance that a sample is above it, and that of a false suspicion that is put up with. The line of the
# p50 is far from where half of the samples are, so that it is the margin which protects it; that of the p95 is among
# the rare samples, which come in bursts.
_CHANCES: Mapping[Statistic, tuple[float, float]] = {"p50": (0.5, 0.25), "p95": (0.05, 0.01)}
_OUTLIER = 0.95


def suspects(
    measurement: Measurement, probes: Sequence[Probe], history: Sequence[ProbeRun], options: ProbeOptions
) -> tuple[str, ...]:
    """The probes with errors, over their budget or slower than their history: to be measured again in the same run."""
    found = []
    for probe in probes:
        if probe.name not in measurement.names:
            continue
        measured, before = measurement.of(probe.name), latencies_of(probe.name, history, options)
        latency = measured.latency
        if (
            measured.errors
            or latency is None
            or latency.p95 > probe.budget_ms
            or any(_is_slower(latency, before, options, by) for by in _CHANCES)
        ):
            found.append(probe.name)
    return tuple(found)


def slower(first: Latency, again: Latency | None, history: Sequence[Latency], options: ProbeOptions) -> Slower | None:
    """By how much it is slower than the history that ``latencies_of`` gives; None where it is not.

    Also where it was not measured again, for what is not confirmed is no regression, and where the history is shorter
    than three runs. The p50 goes before the p95, and what is told is the calmer of the two measurements.
    """
    usually = usual(history)
    if again is None or usually is None:
        return None
    for by in _CHANCES:
        if all(_is_slower(one, history, options, by) for one in (first, again)):
            return Slower(
                statistic=by,
                usual=getattr(usually, by),
                now=min(_value(first, by), _value(again, by)),
                runs=usually.runs,
            )
    return None


def _is_slower(latency: Latency, history: Sequence[Latency], options: ProbeOptions, by: Statistic) -> bool:
    usually = usual(history)
    if usually is None:
        return False
    shown = sorted(_value(one, by) for one in history)
    limit = max(line(getattr(usually, by), options, by), shown[ceil(_OUTLIER * len(shown)) - 1])
    above = _too_many(latency.count, *_CHANCES[by])
    # So many are more than half of them, or than a twentieth: where they are above the line, so is the percentile.
    return above <= latency.count and latency.sample(latency.count - above + 1) > limit


def _value(latency: Latency, by: Statistic) -> float:
    return latency.p50 if by == "p50" else latency.p95


def _too_many(of: int, share: float, rarely: float) -> int:
    """The least number of samples that are rarely where each is with that chance; more than all where none is."""
    chance, number = 0.0, of + 1
    while chance <= rarely:  # all chances together are 1, which is not rare
        number -= 1
        chance += _chance(number, of, share)
    return number + 1


def _chance(number: int, of: int, share: float) -> float:
    """That of exactly so many; by logarithms, for of thousands the number of ways to choose them is no float."""
    ways = lgamma(of + 1) - lgamma(number + 1) - lgamma(of - number + 1)
    return exp(ways + number * log(share) + (of - number) * log(1 - share))
