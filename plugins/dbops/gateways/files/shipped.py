"""Shipped: what comes with an installation from the wheel, which has no folder include/ beside it as a checkout has."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2] / "project"
"""In an installation: the files to start from, and those of include/ that are dbops' own. Absent in a checkout."""


def shipped(include: Path, part: str) -> Path:
    """That part of include/: an SQL text, a folder of templates; where the folder lacks it, as it came with dbops."""
    own, packaged = include / part, PROJECT / "include" / part
    return packaged if os.path.lexists(packaged) and not os.path.lexists(own) else own
