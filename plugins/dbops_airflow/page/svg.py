"""SVG: the page's small pictures, as elements to stand within its HTML.

Each says in words what it shows, for who cannot see it and for who rests the pointer on it. Colours come from page.css,
by class: neither a style nor a script stands in a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

Mark = Literal["good", "bad", "unknown"]

_HEIGHT = 20
_PAD = 2.0


def trend(values: Sequence[float], words: str, *, width: int) -> Markup:
    """A line through the values, oldest first, its last point marked; nothing where there are fewer than two values.

    The scale begins a little below the smallest: what matters is the change.
    """
    if len(values) < 2:  # noqa: PLR2004 - a point is no trend
        return Markup()
    top = max(values)
    bottom = min(values) - (top - min(values)) * 0.15
    if top - bottom < max(top * 0.02, 1e-9):  # what hardly changes is drawn as what does not change: in the middle
        margin = top * 0.1 + 1e-6
        bottom, top = bottom - margin, top + margin

    def y(value: float) -> float:
        return _HEIGHT - _PAD - (value - bottom) / (top - bottom) * (_HEIGHT - 2 * _PAD)

    step = (width - 2 * _PAD) / (len(values) - 1)
    points = [(_PAD + number * step, y(value)) for number, value in enumerate(values)]
    path = " ".join(f"{x:.1f},{at:.1f}" for x, at in points)
    floor = _HEIGHT - _PAD / 2
    area = f"{points[0][0]:.1f},{floor:.1f} {path} {points[-1][0]:.1f},{floor:.1f}"
    shape = Markup(
        '<polygon class="area" points="{}"/><polyline class="line" points="{}"/><circle class="now" cx="{:.1f}" '
        'cy="{:.1f}" r="1.8"/>'
    ).format(area, path, *points[-1])
    return _picture("trend", width, words, shape)


def marks(verdicts: Sequence[Mark], words: str) -> Markup:
    """A mark a night, oldest first: a low one is good, a high one bad, a hollow one nobody knows."""
    drawn = []
    for number, verdict in enumerate(verdicts):
        x = number * 6
        if verdict == "bad":
            drawn.append(Markup('<rect class="bad" x="{}" y="2" width="4" height="16" rx="1"/>').format(x))
        elif verdict == "good":
            drawn.append(Markup('<rect class="good" x="{}" y="10" width="4" height="8" rx="1"/>').format(x))
        else:
            drawn.append(
                Markup('<rect class="unknown" x="{}.5" y="6.5" width="3" height="11" rx="1"/>').format(x),
            )
    return _picture("marks", max(len(verdicts) * 6 - 2, 1), words, Markup().join(drawn))


def share(part: float, whole: float, words: str, *, width: int = 64) -> Markup:
    """A bar as long as the part of a whole."""
    length = 0.0 if whole <= 0 else min(max(part / whole, 0.0), 1.0) * width
    shape = Markup(
        '<rect class="track" x="0" y="8" width="{}" height="4" rx="2"/>'
        '<rect class="filled" x="0" y="8" width="{:.1f}" height="4" rx="2"/>'
    ).format(width, max(length, 1.5) if part > 0 else 0.0)
    return _picture("share", width, words, shape)


def against(value: float, limit: float, words: str, *, width: int = 96) -> Markup:
    """A bar against a limit, at two thirds of the width; what is over ends there in another colour and shape."""
    at = width * 2 / 3
    length = min(value / limit, 1.5) * at if limit > 0 else 0.0
    over = (
        Markup('<rect class="over" x="{:.1f}" y="5" width="{:.1f}" height="10" rx="1"/>').format(at, length - at)
        if length > at
        else Markup()
    )
    shape = Markup(
        '<rect class="track" x="0" y="8" width="{}" height="4" rx="2"/>'
        '<rect class="filled" x="0" y="8" width="{:.1f}" height="4" rx="2"/>{}'
        '<line class="limit" x1="{:.1f}" x2="{:.1f}" y1="3" y2="17"/>'
    ).format(width, max(min(length, at), 1.5), over, at, at)
    return _picture("against", width, words, shape)


def _picture(kind: str, width: int, words: str, shape: Markup) -> Markup:
    return Markup(
        '<svg class="picture {}" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">'
        "<title>{}</title>{}</svg>"
    ).format(kind, words, width, _HEIGHT, width, _HEIGHT, words, shape)
