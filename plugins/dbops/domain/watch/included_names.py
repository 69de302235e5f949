"""IncludedNames: which targets have a file below include/, and which are said to be given up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IncludedNames:
    """``named`` have a file in targets/, readable or not; ``retired`` stand in retired.yaml.

    Each is None where nobody can know.
    """

    named: frozenset[str] | None
    retired: frozenset[str] | None
