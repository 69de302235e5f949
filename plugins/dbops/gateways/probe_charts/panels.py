"""Panels: small multiples, one a probe, the most urgent first, under one title and one legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from dbops.domain.probes.run import ProbeResult
from dbops.domain.probes.standing import Standing, most_urgent, standing_of
from dbops.domain.words.quantities import format_ms
from dbops.gateways.probe_charts.sheet import ALARM, CALM, INK, MUTED, Sheet

_WIDTH, _LEFT, _RIGHT, _GAP = 960, 2, 22, 36  # the page has its own margins; on the right a label may stand out
_ROOM = _WIDTH - _LEFT - _RIGHT
_COLUMNS = 3
_HEAD, _PANEL, _FOOT = 104, 186, 14
_PLOT_LEFT, _PLOT_TOP, _PLOT_HEIGHT = 50, 48, 94
_MOST = 48  # panels: a picture may not grow without end, and what is shown first is what matters


@dataclass(frozen=True)
class Stroke:
    """A line of the legend."""

    words: str
    colour: str
    width: float = 2
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """The room of one probe: ``axes`` to draw into, ``colour`` is that of its standing."""

    result: ProbeResult
    axes: Axes
    colour: str


def panels(
    results: Sequence[ProbeResult], title: str, subtitle: str, legend: Sequence[Stroke]
) -> tuple[Sheet, list[Panel]]:
    """A sheet with title, legend and each probe's name and p95 above its empty plot."""
    shown, left_out = most_urgent(results, _MOST)
    columns = max(min(_COLUMNS, len(shown)), 1)
    rows = max(math.ceil(len(shown) / columns), 1)
    sheet = Sheet(_WIDTH, _HEAD + rows * _PANEL + _FOOT + (24 if left_out else 0))
    unwell = [] if all(standing_of(one).is_well for one in shown) else [Stroke("not well now", ALARM, 2.2)]
    _head(sheet, title, subtitle, [*legend, *unwell])
    if left_out:
        sheet.write(left_out, _LEFT, sheet.height - 14, size=13, colour=MUTED)
    width = (_ROOM - (columns - 1) * _GAP) / columns
    made = []
    for number, result in enumerate(shown):
        x = _LEFT + (number % columns) * (width + _GAP)
        y = _HEAD + (number // columns) * _PANEL
        colour = CALM if standing_of(result).is_well else ALARM
        _name(sheet, result, x, y, width)
        axes = sheet.axes(x + _PLOT_LEFT, y + _PLOT_TOP, width - _PLOT_LEFT, _PLOT_HEIGHT)
        made.append(Panel(result, axes, colour))
    return sheet, made


def _head(sheet: Sheet, title: str, subtitle: str, legend: Sequence[Stroke]) -> None:
    sheet.write(title, _LEFT, 34, size=20, bold=True, room=_ROOM)
    sheet.write(subtitle, _LEFT, 56, size=13, colour=MUTED, room=_ROOM)
    x: float = _LEFT
    for stroke in legend:
        sheet.rule((x, 76), (x + 26, 76), colour=stroke.colour, width=stroke.width, dashed=stroke.dashed)
        x += 34
        x += sheet.write(stroke.words, x, 80, size=12, colour=MUTED) + 24


def _name(sheet: Sheet, result: ProbeResult, x: float, y: float, width: float) -> None:
    standing = standing_of(result)
    colour = INK if standing.is_well else ALARM
    sheet.write(result.probe, x, y + 16, size=13, bold=True, colour=colour, room=width)
    words = [] if standing is Standing.WELL else [str(standing)]
    p95 = f"p95 {format_ms(result.latency.p95)} of {format_ms(result.budget_ms)}" if result.latency else "no latency"
    sheet.write(", ".join([p95, *words]), x, y + 34, size=12, colour=MUTED if standing.is_well else ALARM, room=width)
