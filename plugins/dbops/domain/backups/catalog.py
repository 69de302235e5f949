"""Catalog: what the objects in a bucket say about one target's backups. Always derived, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dbops.domain.backups.backup import BackupId, BackupManifest, Claim
from dbops.domain.backups.retention import Hold, RetentionPlan, RetentionPolicy, plan_retention, verdicts_of
from dbops.domain.backups.verification import Verification


@dataclass(frozen=True)
class CatalogEntry:
    """One finished backup. ``verified`` is None until a restore or drill gave its verdict.

    ``verification`` has that verdict's details, where they can be read. ``is_doubtful`` says that there is a verdict of
    which not even that can be read whether it was good. ``judged_at`` is when the store was given it, by its own clock.
    """

    manifest: BackupManifest
    hold: Hold | None = None
    verified: bool | None = None
    verification: Verification | None = None
    is_doubtful: bool = False
    judged_at: datetime | None = None

    @property
    def backup_id(self) -> BackupId:
        """Its id."""
        return self.manifest.backup_id

    @property
    def is_good(self) -> bool:
        """Whether retention may count on it: finished, and not shown by a verification to be unusable."""
        return self.verified is not False

    @property
    def failed_at(self) -> datetime | None:
        """When it was shown to be unusable; None while it is good. No verdict is older than its backup."""
        return None if self.is_good else self.judged_at or self.manifest.finished


@dataclass(frozen=True)
class Leftover:
    """A folder of a backup id that has no manifest: one that is running, or never finished."""

    backup_id: BackupId
    claim: Claim | None
    last_written: datetime
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Catalog:
    """The finished backups, oldest first; the leftovers; and a sentence on each manifest that cannot be read.

    A backup whose manifest is unreadable is neither good nor a leftover: nothing ever deletes it. ``past`` are the
    newest verdicts on backups that have expired since: what was proven of the target stays proven. ``known`` are
    backups that were not read, because who asked knows them already.
    """

    target: str
    entries: tuple[CatalogEntry, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    unreadable: tuple[str, ...] = ()
    past: tuple[Verification, ...] = ()
    known: frozenset[BackupId] = frozenset()

    @property
    def last_proof(self) -> Verification | None:
        """The newest good verdict on any backup, by drill or by restore."""
        return _newest(verdict for verdict in self._verdicts if verdict.ok)

    @property
    def last_verdict(self) -> Verification | None:
        """The newest verdict on any backup, good or not."""
        return _newest(self._verdicts)

    @property
    def _verdicts(self) -> list[Verification]:
        return [*self.past, *(entry.verification for entry in self.entries if entry.verification is not None)]

    def plan_retention(
        self, policy: RetentionPolicy, now: datetime, zone: ZoneInfo, working_holds: Iterable[Hold] = ()
    ) -> RetentionPlan:
        """What the policy says of these backups at ``now``; leftovers and unreadable ones are not its business.

        ``working_holds`` are of restores and drills that are not at their end.
        """
        holds = [entry.hold for entry in self.entries if entry.hold is not None]
        return plan_retention(
            [entry.backup_id for entry in self.entries],
            [*holds, *working_holds],
            policy,
            now,
            zone,
            **verdicts_of(self.entries),
        )


def _newest(verdicts: Iterable[Verification]) -> Verification | None:
    return max(verdicts, key=lambda verdict: verdict.finished, default=None)
