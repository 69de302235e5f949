"""Fault: a file below include/ that cannot be read, kept as a value so that it takes down nothing but itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbops.domain.words.printable import printable

_OF_A_TARGET = re.compile(r"targets/([a-z][a-z0-9_]{0,62})\.yaml", re.ASCII)


@dataclass(frozen=True)
class Fault:
    """``path`` relative to include/, the 1-based ``line`` where known, and one sentence with what to do."""

    path: str
    line: int | None
    sentence: str

    def __post_init__(self) -> None:
        # A file may have any name; what tells of it is printed, stored by Airflow and mailed.
        object.__setattr__(self, "path", printable(self.path))
        object.__setattr__(self, "sentence", printable(self.sentence))

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.sentence}"

    @property
    def target(self) -> str | None:
        """The target whose own file it is; None where it is another one."""
        found = _OF_A_TARGET.fullmatch(self.path)
        return found[1] if found else None
