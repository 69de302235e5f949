"""Backup listings: what a bucket holds of a target, in seconds also where it holds thousands of backups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from dbops.domain.backups.backup import BackupId
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedBackup, TargetIndex
from dbops.domain.views.backup_listing import BackupListing
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.catalogs import Present, read_catalog
from dbops.gateways.store.target_indexes import read_index
from dbops.gateways.store.working_holds import working_holds

_NEWEST = 100  # are read whatever the index says: with them alone nothing is faster

# The store's clock says when a hold or a verdict was written, a worker's when the index was; and reading takes a while.
_CLOCKS_DIFFER = timedelta(hours=1)


def read_listing(bucket: Bucket, target: Target, now: datetime) -> BackupListing:
    """The target's backups at ``now``, of which only those are read that the index cannot tell of; raises BucketError.

    Read are the newest hundred, those that the index does not know, and those whose hold or verdict may be another by
    now. Every other one is as the index has it, and listed as long as its folder is there: a manifest is written once.
    """
    index = read_index(bucket, target)
    told = _told(index) if index else {}
    catalog = read_catalog(bucket, target, known=lambda present: _unchanged(present, told, index))
    read = {entry.backup_id: IndexedBackup.of(entry) for entry in catalog.entries}
    backups = read | {backup_id: told[backup_id] for backup_id in catalog.known}
    return BackupListing(
        target.name,
        backups=tuple(backup for _, backup in sorted(backups.items())),
        leftovers=catalog.leftovers,
        unreadable=catalog.unreadable,
        working_holds=working_holds(bucket, target, now),
    )


def _told(index: TargetIndex) -> dict[BackupId, IndexedBackup]:
    return {backup.backup_id: backup for backup in index.backups}


def _unchanged(
    present: Present, told: Mapping[BackupId, IndexedBackup], index: TargetIndex | None
) -> Collection[BackupId]:
    if index is None:
        return ()
    since = index.written - _CLOCKS_DIFFER
    return {
        backup_id
        for backup_id in sorted(present.backups)[:-_NEWEST]
        if (backup := told.get(backup_id)) is not None and _is_whole(backup) and _is_as_told(backup, present, since)
    }


def _is_whole(backup: IndexedBackup) -> bool:
    """Whether it says all that is listed: an index that an earlier release wrote says less."""
    return (backup.verified is None or (backup.verified_at is not None and backup.judged_at is not None)) and (
        not backup.is_encrypted or bool(backup.encryption_recipients)
    )


def _is_as_told(backup: IndexedBackup, present: Present, since: datetime) -> bool:
    held, judged = present.held.get(backup.backup_id), present.judged.get(backup.backup_id)
    return (
        (backup.hold is None) == (held is None)
        and (backup.verified is None) == (judged is None)
        and all(written is None or written < since for written in (held, judged))
    )
