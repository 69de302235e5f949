"""What lies in the folder of a job that is at work, and removes files and folders meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def bytes_written(folder: Path, suffix: str = "") -> int:
    """The lengths of the files below a folder whose names end so."""
    return sum(file.st_size for file in _files(folder, suffix))


def bytes_on_disk(folder: Path, suffix: str = "") -> int:
    """What these files occupy: less than their lengths where holes were punched."""
    return sum(file.st_blocks * 512 for file in _files(folder, suffix))


def _files(folder: Path, suffix: str) -> Iterator[os.stat_result]:
    for place, _, names in os.walk(folder):  # unlike rglob it passes over a folder that has just gone
        for name in names:
            if name.endswith(suffix):
                with suppress(FileNotFoundError):
                    yield Path(place, name).lstat()
