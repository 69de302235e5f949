"""Probe charts: pictures that show what is not well first, of whatever a run may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO

import pytest
from PIL import Image

from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import ProbeRun
from dbops.gateways.probe_charts import distribution_chart, overview_chart, trend_chart
from dbops.gateways.probe_charts.panels import panels
from dbops.gateways.probe_charts.sheet import ALARM, CALM_FILL
from dbops.gateways.probe_charts.trend import draw_panel, label_of
from tests.probing_runs import NEWEST, bad_week, latency, result, run, weeks

_LIMIT = 150_000  # bytes, of a picture that goes by mail

_Draw = Callable[[ProbeRun, list[ProbeRun]], bytes]


def _distribution(run: ProbeRun, history: list[ProbeRun]) -> bytes:
    return distribution_chart(run, history[-1] if history else None)


charts = pytest.mark.parametrize(
    ("draw", "width"),
    [(overview_chart, 1200), (trend_chart, 1920), (_distribution, 1920)],
    ids=["overview", "trend", "distribution"],
)


@cache
def _bad(draw: _Draw) -> bytes:
    return draw(bad_week(), weeks(12))


@cache
def _calm(draw: _Draw) -> bytes:
    return draw(weeks(1)[0], weeks(12))


def _picture(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def _rows_of(picture: Image.Image, colour: str) -> list[int]:
    """The lines of pixels in which there is at least a bar's end of this colour."""
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    seen = []
    for row in range(picture.height):
        line = picture.crop((0, row, picture.width, row + 1)).getcolors(picture.width) or []
        near = [
            count
            for count, found in line
            if isinstance(found, tuple) and all(abs(a - b) <= 6 for a, b in zip(found, wanted, strict=True))
        ]
        if sum(near) >= 8:
            seen.append(row)
    return seen


def _luminance(colour: str) -> float:
    """How bright it is without its hue, 0 to 1 (WCAG)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@charts
def test_it_is_a_png_twice_as_large_as_it_is_shown(draw: _Draw, width: int) -> None:
    png = _bad(draw)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert _picture(png).width == width


@charts
def test_the_same_run_gives_the_same_picture(draw: _Draw, width: int) -> None:
    assert draw(weeks(1)[0], weeks(12)) == _calm(draw)


@charts
def test_red_is_only_where_something_is_not_well(draw: _Draw, width: int) -> None:
    assert _rows_of(_picture(_bad(draw)), ALARM)
    assert not _rows_of(_picture(_calm(draw)), ALARM)


def test_the_picture_of_the_mail_is_small_enough_for_one() -> None:
    assert len(_bad(overview_chart)) < _LIMIT
    many = run([result(f"probe_{number:03}", p50=0.02 * number) for number in range(300)])
    assert len(overview_chart(many, [many])) < _LIMIT


def test_in_the_overview_what_is_not_well_is_above_what_is() -> None:
    picture = _picture(_bad(overview_chart))
    below_the_legend = 240
    calm = [row for row in _rows_of(picture, CALM_FILL) if row > below_the_legend]
    assert max(_rows_of(picture, ALARM)) < min(calm)


def test_in_the_overview_all_is_told_apart_without_any_hue() -> None:
    lighter, darker = _luminance(CALM_FILL) + 0.05, _luminance(ALARM) + 0.05
    assert lighter / darker > 3


@charts
@pytest.mark.parametrize(
    "odd",
    [
        run([]),
        run([replace(result(), latency=None, errors=60, error="canceled")]),
        run([result(p50=0.0001, budget=100_000.0)]),
        run([replace(result(), latency=Latency.of([5_000_000] * 60))]),
        run([replace(result(p50=9.0), again=latency(0.2))]),
        run([result("a_name_that_nobody_would_want_to_type_" * 6), result("x")]),
        run([result("数_$x^2$_<b>_$"), result("zwei\nZeilen")], target="größe_数_$"),
    ],
    ids=["no probe", "no latency", "far below its budget", "one value", "over once", "long names", "odd letters"],
)
def test_whatever_a_run_holds_it_is_drawn(draw: _Draw, width: int, odd: ProbeRun) -> None:
    earlier = run(odd.results, NEWEST - timedelta(days=7))
    for history in ([], [earlier], [run([], NEWEST - timedelta(days=7)), weeks(2)[0]]):
        assert _picture(draw(odd, history)).width == width


@charts
def test_a_probe_that_is_new_or_failed_once_is_drawn_with_a_gap(draw: _Draw, width: int) -> None:
    history = weeks(6)
    history[1] = replace(history[1], results=history[1].results[:5])
    history[2] = replace(history[2], results=tuple(replace(one, latency=None, errors=9) for one in history[2].results))
    assert _picture(draw(history[-1], history)).width == width


@pytest.mark.parametrize("apart", [timedelta(minutes=1), timedelta(hours=8), timedelta(days=1), timedelta(days=300)])
def test_the_dates_below_a_trend_never_overlap(apart: timedelta) -> None:
    runs = [run([result()], NEWEST - apart), run([result()])]
    sheet, (panel, *_) = panels(runs[-1].results * 3, "title", "subtitle", [])
    draw_panel(panel, runs)
    sheet.png()
    first, last = panel.axes.get_xticklabels()
    assert first.get_text() != "" != last.get_text()
    assert first.get_window_extent().x1 + 8 < last.get_window_extent().x0


def test_two_runs_on_one_day_are_told_apart_by_their_time() -> None:
    runs = [run([result()], NEWEST - timedelta(hours=1)), run([result()])]
    assert [label_of(one, runs) for one in runs] == [f"{one.started.day} {one.started:%b %H:%M}" for one in runs]
    week = [run([result()], NEWEST - timedelta(days=7)), run([result()])]
    assert label_of(week[-1], week) == f"{NEWEST.day} {NEWEST:%b}"


@charts
def test_many_probes_make_no_endless_picture(draw: _Draw, width: int) -> None:
    many = run([result(f"probe_{number:03}") for number in range(40)])
    assert _picture(draw(many, [])).height < 5600
