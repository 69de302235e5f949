"""Sheet: a picture in CSS pixels from its top left corner, drawn at twice that size so that it is sharp everywhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from io import BytesIO
from typing import Literal

from matplotlib import get_data_path
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator
from PIL import Image

INK = "#16191d"
MUTED = "#5b6470"
FAINT = "#98a2b3"
GRID = "#e6e8eb"
PAPER = "#ffffff"
ALARM = "#b42318"
CALM = "#3b5b85"  # of lines and words; as dark as ALARM, so words and the order tell them apart as well
CALM_FILL = "#9fb3cc"  # of areas: far lighter than ALARM, also in grey
DASHED = (0, (4, 3))  # a budget's line, in a plot as in the legend

_CSS_DPI = 96
_SCALE = 2
_COLOURS = 64  # as many as the few colours above and the edges of letters need; a fifth of the bytes
_POINT = 72 / _CSS_DPI

Align = Literal["left", "center", "right"]


class Sheet:
    """A white picture of this size."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        size = (width / _CSS_DPI, height / _CSS_DPI)
        self._figure = Figure(figsize=size, dpi=_CSS_DPI * _SCALE, facecolor=PAPER)
        self._canvas = FigureCanvasAgg(self._figure)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float,
        colour: str = INK,
        bold: bool = False,
        align: Align = "left",
        room: float | None = None,
    ) -> float:
        """Write a line with its baseline at ``y``, cut in its middle to fit into ``room``; how wide it became."""
        shown = text if room is None else self._cut(text, size, bold, room)
        font = font_of(size, bold=bold)
        shown = drawable(shown, bold=bold)
        self._figure.text(
            x / self.width, 1 - y / self.height, shown, color=colour, fontproperties=font, ha=align, va="baseline",
            parse_math=False,
        )  # fmt: skip
        return self._measure(shown, size, bold)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str) -> None:
        """A rectangle whose top left corner is at (x, y)."""
        self._figure.add_artist(
            Rectangle(
                (x / self.width, 1 - (y + height) / self.height),
                width / self.width,
                height / self.height,
                transform=self._figure.transFigure,
                facecolor=fill,
                edgecolor="none",
                linewidth=0,
            )
        )

    def rule(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str,
        width: float = 1,
        dashed: bool = False,
    ) -> None:
        """A straight line of so many pixels' width."""
        xs = [start[0] / self.width, end[0] / self.width]
        ys = [1 - start[1] / self.height, 1 - end[1] / self.height]
        self._figure.add_artist(
            Line2D(xs, ys, color=colour, linewidth=width * _POINT, linestyle=DASHED if dashed else "-")
        )

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """A plot with nothing drawn yet, whose top left corner is at (x, y)."""
        axes = self._figure.add_axes(
            (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        )
        for side in ("top", "right", "left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelcolor=MUTED, pad=points(5))
        axes.set_facecolor("none")
        return axes

    def png(self) -> bytes:
        """The finished picture, with a palette: it goes by mail."""
        self._canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves its canvas untyped
        width, height = self._canvas.get_width_height()
        drawn = self._canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        pixels = Image.frombuffer("RGBA", (width, height), drawn, "raw", "RGBA", 0, 1)
        out = BytesIO()
        small = pixels.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(out, "PNG", optimize=True, dpi=(_CSS_DPI * _SCALE, _CSS_DPI * _SCALE))
        return out.getvalue()

    def _cut(self, text: str, size: float, bold: bool, room: float) -> str:
        """Names that begin and end alike are told apart by neither, but most are by one of them: the middle goes."""
        if self._measure(drawable(text, bold=bold), size, bold) <= room:
            return text
        kept = bisect_left(
            range(1, len(text)),
            room,
            key=lambda kept: self._measure(drawable(_middle_cut(text, kept), bold=bold), size, bold),
        )
        return _middle_cut(text, max(kept, 1))

    def _measure(self, text: str, size: float, bold: bool) -> float:
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        width, _, _ = renderer.get_text_width_height_descent(text, font_of(size, bold=bold), False)
        return float(width) / _SCALE


def _middle_cut(text: str, kept: int) -> str:
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def font_of(size: float, *, bold: bool = False) -> FontProperties:
    """The font that matplotlib brings along, by its file: which others a machine has decides nothing."""
    return FontProperties(fname=_font_file(bold), size=size * _POINT)


def mark_ticks(axis: Axis, places: Sequence[float], words: Sequence[str]) -> list[Text]:
    """Mark these places of an axis, each with its words, and return these."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(words))
    labels = axis.get_ticklabels()
    for label in labels:
        label.set_fontproperties(font_of(11))
    return labels


def drawable(text: str, *, bold: bool = False) -> str:
    """The text on one line, with a replacement character for each that the font does not have."""
    font = get_font(_font_file(bold))
    return "".join(letter if font.get_char_index(ord(letter)) else "\ufffd" for letter in " ".join(text.split()))


def points(pixels: float) -> float:
    """Widths of lines inside of a plot are in points."""
    return pixels * _POINT


def _font_file(bold: bool) -> str:
    return f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf"
