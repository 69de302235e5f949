"""Free disk space, looked at before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.errors import DemoError

NEEDED_BYTES = 1024**3  # PostgreSQL's data and write-ahead log, two or three backups, Airflow's logs
_NEEDED_SHARE = 0.02  # the object store turns read-only when less than 1 % of its disk is free


def require_space(folder: Path, *, needed: int = NEEDED_BYTES) -> None:
    """DemoError when the disk that holds `folder` has too little room for the demo."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(existing)
    needed = max(needed, int(usage.total * _NEEDED_SHARE))
    if usage.free < needed:
        raise DemoError(
            f"The disk that holds {existing} has {usage.free / 1e9:.1f} GB free, and the demo needs "
            f"{needed / 1e9:.1f} GB: make room, or use a checkout on another disk."
        )
