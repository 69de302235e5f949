"""Fault: a file below include/ that cannot be read, kept as a value so that it takes down nothing but itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OF_A_TARGET = re.compile(r"targets/([a-z][a-z0-9_]{0,62})\.yaml", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """``path`` relative to include/, the 1-based ``line`` where known, and one sentence with what to do."""

    path: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.sentence}"

    @property
    def target(self) -> str | None:
        """The target whose own file it is; None where it is another one."""
        found = _OF_A_TARGET.fullmatch(self.path)
        return found[1] if found else None
