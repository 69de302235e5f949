"""Free disk space, looked at before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.errors import DemoError

NEEDED_BYTES = 1024**3  # PostgreSQL's data and write-ahead log, two or three backups, Airflow's logs
_NEEDED_SHARE = 0.02  # the object store turns read-only when less than 1 % of its disk is free


_FULL_BYTES = 50 * 1024**2


def explain_if_full(folder: Path, *, full: int = _FULL_BYTES) -> str:
    """A sentence that says so when the disk that holds `folder` is full, which servers say in many ways; else empty."""
    free = shutil.disk_usage(_existing(folder)).free
    if free >= full:
        return ""
    return (
        f"The disk that holds {_existing(folder)} is full ({free / 1e6:.0f} MB free): "
        f"make room, then run `make demo` again.\n"
    )


def require_space(folder: Path, *, needed: int = NEEDED_BYTES) -> None:
    """DemoError when the disk that holds `folder` has too little room for the demo."""
    existing = _existing(folder)
    usage = shutil.disk_usage(existing)
    needed = max(needed, int(usage.total * _NEEDED_SHARE))
    if usage.free < needed:
        raise DemoError(
            f"The disk that holds {existing} has {usage.free / 1e9:.1f} GB free, and the demo needs "
            f"{needed / 1e9:.1f} GB: make room, or use a checkout on another disk."
        )


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
