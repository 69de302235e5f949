"""Distribution: which share of a probe's samples was done within which time, in this run and in the one before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import ProbeRun
from dbops.domain.words.quantities import format_ms
from dbops.gateways.probe_charts.panels import Panel, Stroke, panels
from dbops.gateways.probe_charts.sheet import CALM, DASHED, FAINT, GRID, MUTED, font_of, mark_ticks, points
from dbops.gateways.probe_charts.time_axis import label_times, time_range

_P95 = 95.0
_SHARES = (0.0, 50.0, _P95)
_NEAR = 6.0  # a budget further away than so many times the slowest sample would squeeze the curves into a corner


def draw_distribution(run: ProbeRun, before: ProbeRun | None) -> bytes:
    """See ``distribution_chart``."""
    title = f"Latency of {run.target}: {'this run against the one before' if before else 'how its samples are spread'}"
    subtitle = "Share of samples done within a time, on logarithmic axes: the further left, the faster."
    subtitle += " At 95 % the curve should be left of the budget."
    written = "%Y-%m-%d %H:%M" if before and before.started.date() == run.started.date() else "%Y-%m-%d"
    legend = [Stroke(run.started.strftime(written), CALM, 2.2)]
    legend += [Stroke(before.started.strftime(written), FAINT, 1.8)] if before else []
    legend += [Stroke("budget of the p95", MUTED, 1.2, dashed=True)]
    sheet, made = panels(run.results, title, subtitle, legend)
    for panel in made:
        earlier = before.of(panel.result.probe) if before else None
        _draw(panel, earlier.latency if earlier else None)
    return sheet.png()


def _draw(panel: Panel, before: Latency | None) -> None:
    axes, budget, now = panel.axes, panel.result.budget_ms, panel.result.latency
    earlier, current = (one.distribution() if one else [] for one in (before, now))
    seen = [time for time, _ in (*earlier, *current)] or [budget]
    is_near = budget <= _NEAR * max(seen)
    low, high = time_range([*seen, budget] if is_near else seen)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(0, 104)
    label_times(axes.xaxis, low, high, most=4)
    mark_ticks(axes.yaxis, _SHARES, [f"{share:.0f} %" for share in _SHARES])
    axes.grid(visible=True, axis="both", color=GRID, linewidth=points(1))
    axes.set_axisbelow(True)
    if is_near:
        axes.axvline(budget, color=MUTED, linewidth=points(1.2), linestyle=DASHED)
    else:
        font = font_of(11)
        axes.text(
            1,
            0.06,
            f"budget {format_ms(budget)} →",
            transform=axes.transAxes,
            ha="right",
            color=MUTED,
            fontproperties=font,
        )
    if earlier:
        _curve(panel, earlier, FAINT, 1.8)
    if now:
        _curve(panel, current, panel.colour, 2.2)
        axes.plot([now.p95], [_P95], "o", color=panel.colour, markersize=points(7))


def _curve(panel: Panel, samples: Sequence[tuple[float, int]], colour: str, width: float) -> None:
    """From the fastest sample to the slowest."""
    total = sum(count for _, count in samples)
    shares = [100 * so_far / total for so_far in accumulate(count for _, count in samples)]
    times = [time for time, _ in samples]
    panel.axes.step(
        [times[0], *times], [0, *shares], where="post", color=colour, linewidth=points(width), solid_joinstyle="round"
    )
