"""Whoever sees poorly can read the page, in light and in dark: WCAG AA, computed from the style sheet's own colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_CSS = (Path(__file__).parents[3] / "plugins/dbops_airflow/page/static/page.css").read_text(encoding="utf-8")
_COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", _CSS)
}
_GROUNDS = ("ground", "raised", "hover", "red-wash", "amber-wash")


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", _GROUNDS)
@pytest.mark.parametrize("ink", ["ink", "soft", "link", "red", "amber", "green"])
def test_every_text_stands_out_from_every_ground(ink: str, ground: str, scheme: int) -> None:
    assert _contrast(_COLOURS[ink][scheme], _COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", _GROUNDS)
@pytest.mark.parametrize("sign", ["red-fill", "amber-fill", "green-fill", "grey-fill", "data", "focus"])
def test_every_sign_and_line_stands_out_from_every_ground(sign: str, ground: str, scheme: int) -> None:
    assert _contrast(_COLOURS[sign][scheme], _COLOURS[ground][scheme]) >= 3


def test_no_colour_is_used_that_was_not_weighed() -> None:
    rules = _CSS[_CSS.index("* { box-sizing") :]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", rules)
