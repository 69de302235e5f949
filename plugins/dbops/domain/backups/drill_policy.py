"""Drill policy: is it time to restore a backup for the proof, and which?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.options.drill import DrillOptions
from dbops.domain.words.quantities import format_duration


@dataclass(frozen=True)
class DrillDue:
    """The backup to drill, None where none is due, and why."""

    backup_id: BackupId | None
    reason: str


def drill_due(
    catalog: Catalog, options: DrillOptions, now: datetime, *, schema_fingerprint: Callable[[BackupId], str | None]
) -> DrillDue:
    """What to drill now: the newest backup, at least every ``options.every``, and when the schema has changed.

    ``schema_fingerprint`` reads that of the newest backup, and is only asked where nothing else is a reason; None:
    nobody could read it, which is one in itself.
    """
    newest = _newest_to_drill(catalog)
    if newest is None:
        missing = "there is no backup" if not catalog.entries else "the newest backup has its verdict"
        return DrillDue(None, missing)
    last = catalog.last_proof
    if _newest_judged_is_bad(catalog):
        return DrillDue(newest.backup_id, "the backup before it failed its verification")
    if last is None or not any(entry.verified for entry in catalog.entries):
        gone = "the backup that was proven last is gone, and no other one is proven"
        return DrillDue(newest.backup_id, "no backup has been proven yet" if last is None else gone)
    age = now - last.finished
    if age >= options.every:
        return DrillDue(newest.backup_id, f"the last proof is {format_duration(age)} old")
    if schema_fingerprint(newest.backup_id) != last.schema_fingerprint:
        return DrillDue(newest.backup_id, "the schema has changed since the last proof")
    return DrillDue(None, f"{last.backup_id} was proven {format_duration(age)} ago, and the schema is the same")


def _newest_to_drill(catalog: Catalog) -> CatalogEntry | None:
    """The newest backup, unless it has its verdict already."""
    newest = catalog.entries[-1] if catalog.entries else None
    return newest if newest is not None and newest.verified is None else None


def _newest_judged_is_bad(catalog: Catalog) -> bool:
    """Whether the last backup with a verdict is bad; it may have expired, for retention does not wait for a drill."""
    verdicts = {verdict.backup_id: verdict.ok for verdict in catalog.past}
    verdicts |= {entry.backup_id: entry.verified for entry in catalog.entries if entry.verified is not None}
    return bool(verdicts) and not verdicts[max(verdicts)]
