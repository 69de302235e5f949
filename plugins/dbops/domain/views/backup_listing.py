"""BackupListing: a target's backups as people are shown them. Nothing is deleted or restored by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dbops.domain.backups.catalog import Leftover
from dbops.domain.backups.retention import Hold, RetentionPlan, RetentionPolicy, plan_retention, verdicts_of
from dbops.domain.target_index.target_index import IndexedBackup


@dataclass(frozen=True)
class BackupListing:
    """The finished backups in short, oldest first; the leftovers; and a sentence on each that cannot be read.

    ``working_holds`` are of restores and drills that are not at their end.
    """

    target: str
    backups: tuple[IndexedBackup, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    unreadable: tuple[str, ...] = ()
    working_holds: tuple[Hold, ...] = ()

    def plan_retention(self, policy: RetentionPolicy, now: datetime, zone: ZoneInfo) -> RetentionPlan:
        """What the policy says of these backups at ``now``: to be shown, while `expire` reads the catalog itself."""
        holds = [backup.hold for backup in self.backups if backup.hold is not None]
        return plan_retention(
            [backup.backup_id for backup in self.backups],
            [*holds, *self.working_holds],
            policy,
            now,
            zone,
            **verdicts_of(self.backups),
        )
