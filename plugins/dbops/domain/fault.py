"""Fault: a file below include/ that cannot be read, kept as a value so that it takes down nothing but itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """``path`` relative to include/, the 1-based ``line`` where known, and one sentence with what to do."""

    path: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.sentence}"
