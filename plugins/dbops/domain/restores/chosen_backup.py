"""Which backup a restore takes, and what a person should know about that choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.dump_warnings import restored_dump_warnings
from dbops.domain.backups.lacks import lacks_warning
from dbops.domain.restores.request import RestoreRequest
from dbops.errors import BackupUnusable


@dataclass(frozen=True)
class ChosenBackup:
    """The backup to restore, and sentences on what is odd about it or newer than it."""

    entry: CatalogEntry
    warnings: tuple[str, ...] = ()


def choose_backup(catalog: Catalog, request: RestoreRequest) -> ChosenBackup:
    """The one that was named; else the newest verified one, not later than asked; else the newest that is good.

    Raises BackupUnusable where there is none.
    """
    if request.backup_id is not None:
        return _named(catalog, request)
    limit, among = request.not_later_than, _among(catalog, request)
    if not among:
        before = f" that is not later than {limit:%Y-%m-%d %H:%M %Z}" if limit else ""
        raise BackupUnusable(
            f"{catalog.target} has no good backup{before}.", f"`python -m dbops backups {catalog.target}` lists them."
        )
    verified = [entry for entry in among if entry.verified]
    chosen = verified[-1] if verified else among[-1]
    return ChosenBackup(chosen, choice_notes(chosen, catalog, request))


def choice_notes(entry: CatalogEntry, catalog: Catalog, asked: RestoreRequest) -> tuple[str, ...]:
    """What is odd about that backup, or newer than it where the request has left the choice to us."""
    if asked.backup_id is not None:
        return (*_unverified(entry), *_odd(entry.manifest))
    return (*_unverified(entry), *_odd(entry.manifest), *_newer(entry, _among(catalog, asked)))


def _among(catalog: Catalog, asked: RestoreRequest) -> list[CatalogEntry]:
    limit = asked.not_later_than
    return [entry for entry in catalog.entries if entry.is_good and (limit is None or entry.backup_id.time <= limit)]


def _named(catalog: Catalog, request: RestoreRequest) -> ChosenBackup:
    found = next((entry for entry in catalog.entries if entry.backup_id == request.backup_id), None)
    if found is None:
        begun = any(leftover.backup_id == request.backup_id for leftover in catalog.leftovers)
        what = "never finished, or is still running" if begun else "does not exist, or cannot be read"
        raise BackupUnusable(
            f"Backup {request.backup_id} of {catalog.target} {what}.",
            f"`python -m dbops backups {catalog.target}` lists those that can be restored.",
        )
    return ChosenBackup(found, choice_notes(found, catalog, request))


def _unverified(entry: CatalogEntry) -> tuple[str, ...]:
    if entry.verified:
        return ()
    if entry.verified is False:
        return (f"Backup {entry.backup_id} FAILED its verification: it is probably damaged.",)
    return (f"Backup {entry.backup_id} has never been restored before: this restore is its first proof.",)


def _odd(manifest: BackupManifest) -> tuple[str, ...]:
    return (*lacks_warning(manifest.lacks), *restored_dump_warnings(manifest.pg_dump_warnings))


def _newer(chosen: CatalogEntry, among: Sequence[CatalogEntry]) -> tuple[str, ...]:
    newer = [entry for entry in among if entry.backup_id > chosen.backup_id]
    if not newer:
        return ()
    count = "1 newer backup is" if len(newer) == 1 else f"{len(newer)} newer backups are"
    proven = "there by now" if any(entry.verified for entry in newer) else "not verified yet"
    return (f"{count} {proven}, the newest {newer[-1].backup_id}: name it if its rows are what you need.",)
