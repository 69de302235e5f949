"""Trend: each probe's p50 and p95 over the runs by date, with its budget as a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.probes.standing import up_to
from dbops.gateways.probe_charts.panels import Panel, Stroke, panels
from dbops.gateways.probe_charts.sheet import ALARM, CALM, DASHED, FAINT, GRID, MUTED, Align, mark_ticks, points
from dbops.gateways.probe_charts.time_axis import label_times, time_range

_DAY = 86_400.0
_LEGEND = (
    Stroke("p95", CALM, 2.2),
    Stroke("p50", FAINT, 1.6),
    Stroke("budget of the p95", MUTED, 1.2, dashed=True),
)
_MANY = 26  # runs: above that, dots would hide the line


def draw_trend(run: ProbeRun, history: Sequence[ProbeRun]) -> bytes:
    """See ``trend_chart``."""
    runs = up_to(run, history)
    title, today = f"Latency of {run.target}", f"{_day(run.started)} {run.started.year}"
    subtitle = f"First run, {today}: there is no history yet. Milliseconds on logarithmic axes, each its own."
    if len(runs) > 1:
        title = f"{title} over {len(runs)} runs"
        days = today if _is_one_day(runs) else f"{_day(runs[0].started)} to {today}"
        subtitle = f"{days}. Milliseconds on logarithmic axes, each its own."
    sheet, made = panels(run.results, title, subtitle, _LEGEND)
    for panel in made:
        draw_panel(panel, runs)
    return sheet.png()


def draw_panel(panel: Panel, runs: Sequence[ProbeRun]) -> None:
    """The lines of one probe over these runs, oldest first."""
    axes = panel.axes
    days = [one.started.timestamp() / _DAY for one in runs]
    results = [one.of(panel.result.probe) for one in runs]
    p50s, p95s = _values(results, "p50"), _values(results, "p95")
    budgets = [one.budget_ms if one else math.nan for one in results]
    low, high = time_range(value for value in (*p50s, *p95s, *budgets) if not math.isnan(value))
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    label_times(axes.yaxis, low, high, most=4)
    margin = (days[-1] - days[0]) * 0.04 or 1.0
    axes.set_xlim(days[0] - margin, days[-1] + margin)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=points(1))
    axes.set_axisbelow(True)
    _budget(panel, days, budgets, margin)
    dots = "o" if len(runs) <= _MANY else ""
    axes.plot(days, p50s, color=FAINT, linewidth=points(1.6), marker=dots, markersize=points(3.4))
    axes.plot(days, p95s, color=CALM, linewidth=points(2.2), marker=dots, markersize=points(4.4))
    axes.plot(days[-2:], p95s[-2:], color=panel.colour, linewidth=points(2.2))
    axes.plot(days[-1:], p95s[-1:], color=panel.colour, marker="o", markersize=points(8))
    failed = [day for day, one in zip(days, results, strict=True) if one and one.is_failed]
    axes.plot(
        failed, [0.93] * len(failed), "x", color=ALARM, transform=axes.get_xaxis_transform(),
        markersize=points(8), markeredgewidth=points(2.4), clip_on=False,
    )  # fmt: skip
    _dates(panel, runs, days)


def _budget(panel: Panel, days: Sequence[float], budgets: Sequence[float], margin: float) -> None:
    panel.axes.step(
        [days[0] - margin, *days, days[-1] + margin], [budgets[0], *budgets, budgets[-1]], where="mid",
        color=MUTED, linewidth=points(1.2), linestyle=DASHED,
    )  # fmt: skip


def _values(results: Sequence[ProbeResult | None], name: str) -> list[float]:
    """Where nothing was measured the line has a gap."""
    return [getattr(one.latency, name) if one and one.latency else math.nan for one in results]


def _dates(panel: Panel, runs: Sequence[ProbeRun], days: Sequence[float]) -> None:
    ends = [0, len(days) - 1] if days[-1] > days[0] else [0]
    labels = mark_ticks(panel.axes.xaxis, [days[end] for end in ends], [label_of(runs[end], runs) for end in ends])
    aligned: tuple[Align, ...] = ("left", "right") if len(ends) > 1 else ("center",)
    for label, align in zip(labels, aligned, strict=True):
        label.set_horizontalalignment(align)


def label_of(run: ProbeRun, runs: Sequence[ProbeRun]) -> str:
    """The day of one of these runs, with its time where all are of one day."""
    return f"{_day(run.started)} {run.started:%H:%M}" if _is_one_day(runs) else _day(run.started)


def _is_one_day(runs: Sequence[ProbeRun]) -> bool:
    return len(runs) > 1 and runs[0].started.date() == runs[-1].started.date()


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"
