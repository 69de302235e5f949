"""The pictures say in words what they show, stay within their frame, and carry neither style nor script."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from dbops_airflow.page import svg

_HOSTILE = '"><script>alert(1)</script>'


def _read(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - our own picture


_NUMBERS = st.floats(min_value=0, max_value=1e15)

_PICTURES: list[Callable[[str], Markup]] = [
    lambda words: svg.trend([1, 2, 3], words, width=84),
    lambda words: svg.marks(["good", "bad", "unknown"], words),
    lambda words: svg.share(1, 3, words),
    lambda words: svg.against(30, 20, words),
]


@pytest.mark.parametrize("picture", _PICTURES)
def test_a_picture_tells_in_words_what_it_shows(picture: Callable[[str], Markup]) -> None:
    drawn = _read(picture("from 1 to 3"))
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == "from 1 to 3"
    assert [title.text for title in drawn.iter("title")] == ["from 1 to 3"]


@pytest.mark.parametrize("picture", _PICTURES)
def test_hostile_words_stay_words(picture: Callable[[str], Markup]) -> None:
    drawn = _read(picture(_HOSTILE))
    assert drawn.get("aria-label") == _HOSTILE
    assert {element.tag for element in drawn.iter()} <= {
        "svg",
        "title",
        "polygon",
        "polyline",
        "circle",
        "line",
        "rect",
    }


@pytest.mark.parametrize("picture", _PICTURES)
def test_a_picture_has_no_style_and_no_script_of_its_own(picture: Callable[[str], Markup]) -> None:
    names = {name for element in _read(picture("x")).iter() for name in element.attrib}
    assert not [name for name in names if name == "style" or name.startswith("on")]


@given(st.lists(_NUMBERS, min_size=2, max_size=30))
def test_every_point_of_a_trend_lies_within_its_picture(values: list[float]) -> None:
    drawn = svg.trend(values, "x", width=84)
    path = re.search(r'class="line" points="([^"]+)"', drawn)
    assert path
    points = [tuple(map(float, point.split(","))) for point in path[1].split()]
    assert len(points) == len(values)
    assert all(0 <= x <= 84 and 0 <= y <= 20 for x, y in points)


@given(_NUMBERS, _NUMBERS)
def test_no_bar_is_longer_than_its_picture(value: float, limit: float) -> None:
    for drawn in (svg.share(value, limit, "x", width=64), svg.against(value, limit, "x", width=64)):
        ends = [float(bar.get("x") or 0) + float(bar.get("width") or 0) for bar in _read(drawn).iter("rect")]
        assert max(ends) <= 64.1


def test_what_hardly_changes_is_drawn_as_flat() -> None:
    path = re.search(r'class="line" points="([^"]+)"', svg.trend([1000, 1001, 1000], "x", width=84))
    assert path
    heights = {round(float(point.split(",")[1])) for point in path[1].split()}
    assert len(heights) == 1


def test_one_value_is_no_trend() -> None:
    assert svg.trend([3], "x", width=84) == ""


def test_a_bad_night_differs_from_a_good_one_in_shape_too() -> None:
    good, bad, unknown = (_read(svg.marks([verdict], "x")).find("rect") for verdict in ("good", "bad", "unknown"))
    heights = {rect.get("height") for rect in (good, bad, unknown) if rect is not None}
    assert len(heights) == 3


def test_what_is_over_its_limit_has_a_part_of_its_own() -> None:
    assert 'class="over"' in svg.against(30, 20, "x")
    assert 'class="over"' not in svg.against(20, 20, "x")
