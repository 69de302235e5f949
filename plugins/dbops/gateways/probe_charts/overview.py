"""Overview: the one picture of the mail. A bar is a probe's p95 as a share of its budget, so all have the same line."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.probes.standing import (
    Standing,
    how_many_are_well,
    most_urgent,
    run_before,
    share_of_budget,
    standing_of,
)
from dbops.domain.words.quantities import format_ms
from dbops.gateways.probe_charts.sheet import ALARM, CALM_FILL, GRID, INK, MUTED, PAPER, Sheet

# Read on a phone, it is a little more than half as large: hence the large letters.
_WIDTH, _MARGIN, _HEAD, _ROW, _FOOT = 600, 2, 120, 52, 8
_ROOM = _WIDTH - 2 * _MARGIN
_SIZE, _BAR = 20, 12
_MOST = 20  # rows
_MOST_END = 2.0  # where the axis ends, as a share of the budget; a longer bar is cut, and shows it


def draw_overview(run: ProbeRun, history: Sequence[ProbeRun]) -> bytes:
    """See ``overview_chart``."""
    before = run_before(run, history)
    shown, left_out = most_urgent(run.results, _MOST)
    sheet = Sheet(_WIDTH, _HEAD + len(shown) * _ROW + _FOOT + (30 if left_out else 0))
    end = min(max([1.0, *(1.04 * share_of_budget(one) for one in shown)]), _MOST_END)
    full = _ROOM / end
    _head(sheet, run, has_before=before is not None, budget_at=_MARGIN + full)
    for number, result in enumerate(shown):
        _row(sheet, result, before.of(result.probe) if before else None, _HEAD + number * _ROW, full)
    if left_out:
        sheet.write(left_out, _MARGIN, sheet.height - 18, size=_SIZE, colour=MUTED, room=_ROOM)
    return sheet.png()


def _head(sheet: Sheet, run: ProbeRun, *, has_before: bool, budget_at: float) -> None:
    sheet.write(how_many_are_well(run), _MARGIN, 36, size=27, bold=True, room=_ROOM)
    place = f"{run.target}, {run.started.day} {run.started:%B %Y}"
    sheet.write(place, _MARGIN, 65, size=_SIZE, colour=MUTED, room=_ROOM)
    sheet.box(_MARGIN, 88, 24, _BAR, fill=CALM_FILL)
    x = _MARGIN + 32 + sheet.write("p95", _MARGIN + 32, 101, size=_SIZE, colour=MUTED) + 18
    if has_before:
        _tick(sheet, x, 88)
        sheet.write("run before", x + 9, 101, size=_SIZE, colour=MUTED)
    sheet.write("budget", budget_at + 1, 101, size=_SIZE, colour=MUTED, align="right")


def _row(sheet: Sheet, result: ProbeResult, before: ProbeResult | None, y: float, full: float) -> None:
    standing = standing_of(result)
    bold, colour = not standing.is_well, INK if standing.is_well else ALARM
    said = _said(result, standing)
    taken = sheet.write(said, _WIDTH - _MARGIN, y + 21, size=_SIZE, colour=colour, bold=bold, align="right")
    sheet.write(result.probe, _MARGIN, y + 21, size=_SIZE, colour=colour, bold=bold, room=_ROOM - taken - 16)
    top = y + 30
    sheet.box(_MARGIN, top, full, _BAR, fill=GRID)
    bar = full * share_of_budget(result)
    sheet.box(_MARGIN, top, min(bar, _ROOM), _BAR, fill=CALM_FILL if standing.is_well else ALARM)
    if bar > _ROOM:
        for x in (_WIDTH - _MARGIN - 26, _WIDTH - _MARGIN - 18):
            sheet.rule((x, top + _BAR + 2), (x + 6, top - 2), colour=PAPER, width=3)
    sheet.box(_MARGIN + full - 1, top - 3, 2, _BAR + 6, fill=MUTED)
    if before and before.latency:
        _tick(sheet, _MARGIN + min(full * before.latency.p95 / result.budget_ms, _ROOM), top)


def _tick(sheet: Sheet, x: float, top: float) -> None:
    sheet.box(x - 3, top - 3, 6, _BAR + 6, fill=PAPER)
    sheet.box(x - 1.5, top - 3, 3, _BAR + 6, fill=INK)


def _said(result: ProbeResult, standing: Standing) -> str:
    if result.latency is None or standing is Standing.FAILED:
        return f"{result.errors} of {result.asked} failed"
    if standing is Standing.SLOWER and result.slower:
        p50 = "p50 " if result.slower.statistic == "p50" else ""
        return f"{p50}{format_ms(result.slower.now)}, was {format_ms(result.slower.usual)}"
    once = "once " if standing is Standing.OVER_ONCE else ""
    return f"{once}{format_ms(result.latency.p95)} of {format_ms(result.budget_ms)}"
