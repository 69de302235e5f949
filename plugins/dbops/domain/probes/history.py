"""Probe history: how long an operation usually takes, by those of its last runs that say so.

Not every run does:

- One in which the operation failed says nothing of how long it takes.
- Where it was measured twice, the calmer of the two counts: a stall during one of them is not the operation's.
- One in which it was slower than usual, and was mailed as that, does not count at first, so that the next slow run is
  mailed as well. If the operation is well again before long, that was an incident: it never counts, and the same one
  would be news again.
- Four of these in a row are a change that lasts: they are the new usual, and everything older is forgotten. So nothing
  is swallowed before people were told of it, four times, and nobody is told of it for ever.
- A change for the better is the new usual after three runs, so that falling back is noticed soon.

What creeps up slowly moves its usual along: that is what budgets are for. Runs on another major version of the server
count like all others: whether an upgrade has made something slower is what people want to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import ProbeResult, ProbeRun

Statistic = Literal["p50", "p95"]

ENOUGH_RUNS = 3
_RUNS_COMPARED = 12  # a quarter of weekly ones
_RUNS_MAILED = 4
# Of the absolute margin. Half of the samples have to be above the line of the p50, which no stall does: it need not be
# as far off as that of the p95, and an operation of 0.2 ms that takes 5 ms is no longer the same.
_SHARES: Mapping[Statistic, float] = {"p50": 0.2, "p95": 1.0}


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The median of the last ``runs``, in milliseconds."""

    p50: float
    p95: float
    runs: int


def usual(history: Sequence[Latency]) -> Usual | None:
    """What is usual by latencies that count, as ``latencies_of`` gives them; None where they are too few to say."""
    if len(history) < ENOUGH_RUNS:
        return None
    return Usual(p50=median(one.p50 for one in history), p95=median(one.p95 for one in history), runs=len(history))


def latencies_of(probe: str, history: Sequence[ProbeRun], options: ProbeOptions) -> tuple[Latency, ...]:
    """Those of the probe's last runs that say how long it usually takes; both are oldest first."""
    counted: list[Latency] = []
    worse: list[Latency] = []
    better: list[Latency] = []
    for run in history:
        result = run.of(probe)
        if result is None or result.is_failed:
            continue
        latency = _calmer(result)
        if result.slower:
            worse.append(latency)
            better = []
        else:
            worse = []
            before = usual(counted)
            is_better = before is not None and before.p50 > line(latency.p50, options, "p50")
            better = [*better, latency] if is_better else []
            counted = [*counted, latency][-_RUNS_COMPARED:]
        if len(worse) == _RUNS_MAILED or len(better) == ENOUGH_RUNS:
            counted, worse, better = worse or better, [], []
    return tuple(counted)


def line(usually: float, options: ProbeOptions, by: Statistic) -> float:
    """Above which a time differs from what is usual by the margin that is both relative and absolute.

    The absolute one is a fifth of ``slower_by_at_least`` for the p50, and all of it for the p95.
    """
    absolute = options.slower_by_at_least.total_seconds() * 1000 * _SHARES[by]
    return max(usually * (1 + options.slower_by / 100), usually + absolute)


def _calmer(result: ProbeResult) -> Latency:
    """Of one that has not failed, so that there is one."""
    return min((one for one in (result.latency, result.again) if one is not None), key=lambda one: one.p95)
