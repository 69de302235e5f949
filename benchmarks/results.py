"""Result, Bound and Table: what was measured of one way, what must hold of it, and what a benchmark shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Protocol

from benchmarks.measured_run import MeasuredRun

MB = 1e6


@dataclass(frozen=True)
class Result:
    """The runs of one way to back up or restore one database over one line; ``stored`` are the objects' bytes."""

    way: str
    line: str
    database_bytes: int
    runs: tuple[MeasuredRun, ...]
    stored: int

    @property
    def seconds(self) -> float:
        """The median."""
        return median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median of what the client's side used."""
        return median(run.cpu_seconds for run in self.runs)

    @property
    def resident(self) -> int:
        """The peak of all runs."""
        return max(run.resident for run in self.runs)

    @property
    def spool(self) -> int:
        """The peak of all runs."""
        return max(run.spool for run in self.runs)

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self) | {"seconds": self.seconds}

    def row(self) -> str:
        """One line of the table."""
        numbers = f"{self.database_bytes / 1e9:6.2f} {self.seconds:8.1f} {self.cpu_seconds:7.1f}"
        peaks = f"{self.resident / MB:7.0f} {self.spool / MB:8.0f} {self.stored / MB:9.0f}"
        return f"{self.way:42} {self.line:12} {numbers} {peaks}  {' '.join(f'{run.seconds:.1f}' for run in self.runs)}"


HEADER = (
    f"{'way':42} {'line':12} {'GB':>6} {'median s':>8} {'CPU s':>7} {'RSS MB':>7} {'spool MB':>8} {'stored MB':>9}  "
    "runs"
)


@dataclass(frozen=True)
class Bound:
    """Something that must hold, and what was measured."""

    sentence: str
    measured: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def row(self) -> str:
        """One line."""
        sign = ">=" if self.at_least else "<="
        verdict = "met    " if self.met else "NOT MET"
        return f"{verdict}  {self.sentence}: {self.measured:.2f}, must be {sign} {self.limit:.2f}"

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self) | {"met": self.met}


class Row(Protocol):
    """What was measured of one way, whatever was measured."""

    def row(self) -> str:
        """One line of the table."""

    def document(self) -> dict[str, Any]:
        """The same for machines."""


@dataclass(frozen=True)
class Table:
    """What one part of the benchmarks has measured."""

    header: str
    rows: Sequence[Row]
    bounds: Sequence[Bound]

    def lines(self) -> list[str]:
        """For people."""
        return [self.header, *(one.row() for one in self.rows), "", *(bound.row() for bound in self.bounds)]

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "results": [one.document() for one in self.rows],
            "bounds": [bound.document() for bound in self.bounds],
        }
