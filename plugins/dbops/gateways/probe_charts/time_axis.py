"""Time axis: milliseconds on a logarithmic axis, where 0.3 ms and 100 ms are both read easily."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axis import Axis
from matplotlib.ticker import NullLocator

from dbops.gateways.probe_charts.sheet import mark_ticks

_LOWEST = 0.001  # milliseconds: what a latency's histogram tells apart
_SPAN = 8.0  # from the axis' begin to its end at least: noise of a few percent must not look like a mountain range
_AIR = 1.25


def time_range(values: Iterable[float]) -> tuple[float, float]:
    """Where an axis begins and ends that shows all of these, not empty, with some air around them."""
    positive = [max(value, _LOWEST) for value in values]
    low, high = min(positive) / _AIR, max(positive) * _AIR
    missing = math.sqrt(max(_SPAN / (high / low), 1.0))
    return low / missing, high * missing


def label_times(axis: Axis, low: float, high: float, *, most: int) -> None:
    """Mark ``most`` round numbers at most, each with its unit."""
    ticks = _ticks(low, high, most)
    axis.set_minor_locator(NullLocator())
    mark_ticks(axis, ticks, [_round(tick) for tick in ticks])


def _ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [tick for decade in decades for step in steps if low <= (tick := step * 10.0**decade) <= high]
        if len(ticks) <= most:
            return ticks
    return ticks[:: math.ceil(len(ticks) / most)]


def _round(tick: float) -> str:
    """A round number needs no digit that says how precise it is."""
    return f"{tick / 1000:g} s" if tick >= 1000 else f"{tick:g} ms"  # noqa: PLR2004 - a second
