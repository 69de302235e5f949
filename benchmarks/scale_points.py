"""Point and Curves: what was measured at one size, and all of a part of the benchmarks of scale; kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measured_run import MeasuredRun
from benchmarks.results import MB, Bound, Table

MEASURED = Path(__file__).parent / "measured"
HEADER = f"{'what':34} {'size':>9} {'seconds':>9} {'CPU s':>8} {'RSS MB':>8} {'PSS MB':>8} {'spool MB':>9}  more"


@dataclass(frozen=True)
class Point:
    """What ``what`` cost at that ``size``: medians of seconds and CPU seconds, peaks of bytes; ``more`` as it says.

    ``proportional`` is 0 where it was not looked at.
    """

    what: str
    size: float
    seconds: float
    cpu_seconds: float
    resident: int
    spool: int = 0
    proportional: int = 0
    more: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, what: str, size: float, runs: Sequence[MeasuredRun], **more: float) -> Point:
        """Of runs of the same."""
        return cls(
            what,
            size,
            seconds=round(median(run.seconds for run in runs), 3),
            cpu_seconds=round(median(run.cpu_seconds for run in runs), 3),
            resident=max(run.resident for run in runs),
            spool=max(run.spool for run in runs),
            proportional=max(run.proportional for run in runs),
            more=more,
        )

    def row(self) -> str:
        """One line of the table."""
        more = "  ".join(f"{name}={value:g}" for name, value in self.more.items())
        memory = f"{self.resident / MB:8.0f} {self.proportional / MB:8.0f}"
        numbers = f"{self.seconds:9.2f} {self.cpu_seconds:8.2f} {memory} {self.spool / MB:9.1f}"
        return f"{self.what:34} {self.size:9g} {numbers}  {more}"

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self)


def keep(part: str, points: Sequence[Point], bounds: Sequence[Bound] = ()) -> Table:
    """The table of a part, whose points are kept for the curves and for docs/scale.md."""
    MEASURED.mkdir(exist_ok=True)
    table = Table(HEADER, points, bounds)
    (MEASURED / f"{part}.json").write_text(json.dumps(table.document(), indent=1) + "\n")
    return table


def kept(part: str) -> list[Point]:
    """What was measured last of a part; raises OSError where it never was."""
    return [Point(**point) for point in json.loads((MEASURED / f"{part}.json").read_bytes())["results"]]
