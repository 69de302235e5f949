"""Draws docs/images/scale-*.svg from what was measured last: `python -m benchmarks.scale_curves`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from benchmarks.results import MB
from benchmarks.scale_points import Point, kept
from benchmarks.stage import REPOSITORY

FOLDER = REPOSITORY / "docs/images"
_GREY = "#808080"  # reads on white and on black
_COLOURS = ("#1f83d0", "#e07b00", "#2f9e44", "#d6336c", "#8f6fd8", "#0f9d9d")
_WIDTH, _HEIGHT = 6.4, 3.4  # inches


@dataclass(frozen=True)
class Curves:
    """One picture: a line for each ``what`` of a part, or for each of several numbers of the same points."""

    part: str
    title: str
    x: str
    y: str
    numbers: dict[str, Callable[[Point], float]]
    is_log: bool = True


def _cpu(point: Point) -> float:
    return point.cpu_seconds


PICTURES = (
    Curves("catalog", "Backups in a catalog", "backups of the target", "CPU seconds", {"": _cpu}),
    Curves("tables", "Small tables in one database", "tables", "CPU seconds of the client's side", {"": _cpu}),
    Curves("targets", "Targets in one Airflow", "targets", "CPU seconds", {"": _cpu}),
    Curves("rehearsals", "Restores rehearsed", "targets", "CPU seconds of the job", {"": _cpu}),
    Curves(
        "bytes",
        "Memory and spool of a backup",
        "GB on the server's disk",
        "MB",
        {
            "resident": lambda point: point.resident / MB,
            "resident, shared pages once": lambda point: point.proportional / MB,
            "spool": lambda point: point.spool / MB,
        },
        is_log=False,
    ),
    Curves(
        "celery",
        "Ten backups at once through Celery",
        "concurrency of the worker",
        "resident MB of all its processes",
        {"": lambda point: point.resident / MB},
        is_log=False,
    ),
)


def draw(curves: Curves, points: list[Point]) -> bytes:
    """The picture, an SVG whose ground is transparent; the same points give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "dbops", "font.size": 9}):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        lines = [
            (name if not what or len(curves.numbers) > 1 else what, number, [one for one in points if one.what == what])
            for what in dict.fromkeys(point.what for point in points)
            for name, number in curves.numbers.items()
        ]
        for place, (label, number, line) in enumerate(lines):
            ordered = sorted(line, key=lambda point: point.size)
            colour = _COLOURS[place % len(_COLOURS)]
            axes.plot([one.size for one in ordered], [number(one) for one in ordered], "o-", color=colour, label=label,
                      markersize=4, linewidth=1.6)  # fmt: skip
        if curves.is_log:
            axes.set_xscale("log")
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        sizes = sorted({point.size for point in points})
        axes.set_xticks(sizes, [f"{size:,g}" for size in sizes])
        axes.minorticks_off()
        axes.set_title(curves.title, color=_GREY, loc="left", fontsize=10)
        axes.set_xlabel(curves.x, color=_GREY)
        axes.set_ylabel(curves.y, color=_GREY)
        axes.tick_params(colors=_GREY)
        for spine in axes.spines.values():
            spine.set_color(_GREY)
        axes.grid(visible=True, color=_GREY, alpha=0.25)
        axes.legend(frameon=False, labelcolor=_GREY, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        body = BytesIO()
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(body, metadata={"Date": None})  # type: ignore[no-untyped-call]  # as the canvas itself
    return body.getvalue()


def main() -> int:
    """Every part that was measured; says which never was."""
    for curves in PICTURES:
        try:
            points = kept(curves.part)
        except OSError:
            print(f"{curves.part} was never measured: `python -m benchmarks --only {curves.part}`", file=sys.stderr)
            continue
        (FOLDER / f"scale-{curves.part}.svg").write_bytes(draw(curves, points))
    return 0


if __name__ == "__main__":
    sys.exit(main())
