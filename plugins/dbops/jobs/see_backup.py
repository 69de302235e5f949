"""see_backup: one backup with its tables, its files and the verdict on it, by what lies in the bucket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dbops.domain.backup import BackupId
from dbops.domain.target import Target
from dbops.domain.target_view import BackupView
from dbops.gateways.bucket import Bucket


def see_backup(
    target: Target,
    open_bucket: Callable[[Target], Bucket],
    backup_id: BackupId,
    *,
    clock: Callable[[], datetime],
) -> BackupView | None:
    """That backup, with three small reads; None where there is none of that id.

    What cannot be read is a sentence in its place; nothing is raised.
    """
    raise NotImplementedError
