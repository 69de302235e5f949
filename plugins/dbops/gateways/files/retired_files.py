"""The retired targets: include/retired.yaml, read into names and faults, never an exception.

Without a line there a target whose file disappears is missed: a lost file looks like one that went on purpose.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.fault import Fault
from dbops.domain.watch.included_names import IncludedNames
from dbops.gateways.files.target_files import named_targets
from dbops.gateways.files.yaml_lines import read_yaml_file

RETIRED = "retired.yaml"


@dataclass(frozen=True)
class RetiredFile:
    """The ``names`` that are given up on purpose, None where nobody can know; and the ``faults``."""

    names: frozenset[str] | None = frozenset()
    faults: tuple[Fault, ...] = ()


def read_included_names(include: Path) -> tuple[IncludedNames, tuple[Fault, ...]]:
    """Which targets have a file below include/ and which are retired, and what is wrong with the latter's file."""
    named = named_targets(include)
    retired = read_retired(include, named or ())
    return IncludedNames(named, retired.names), retired.faults


def read_retired(include: Path, named: Collection[str]) -> RetiredFile:
    """Read it; without the file nothing is retired. ``named`` are the targets that have a file."""
    path = include / RETIRED
    if not os.path.lexists(path):
        return RetiredFile()
    file = read_yaml_file(path, RETIRED, "shop: replaced by store, 2026-11-27")
    if isinstance(file, Fault):
        return RetiredFile(None, (file,))
    faults = [
        Fault(RETIRED, file.line_of((name,)), sentence)
        for name, why in file.value.items()
        for sentence in _wrong(name, why, named)
    ]
    return RetiredFile(frozenset(file.value), tuple(faults))


def _wrong(name: str, why: object, named: Collection[str]) -> Iterator[str]:
    if name in named:
        yield f"{name} has a file in targets/; remove this line, or that file"
    if not isinstance(why, str) or not why.strip():
        yield f"{name} needs a few words behind it: why it went, and when"
