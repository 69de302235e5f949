"""RestoreExtent: how much of a backup a restore takes, and what that needs of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.archives.selection import Selection, select
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import BackupManifest
from dbops.domain.restores.request import RestoreRequest
from dbops.errors import InvalidRequest

_ROOM = 1.1
_INDEXES = 1.5  # a table with its indexes, against its rows as text


@dataclass(frozen=True)
class RestoreExtent:
    """``selection`` is None for the whole backup. ``needed_bytes`` is an estimate of what it takes on the server."""

    selection: Selection | None
    extensions: frozenset[str]
    needed_bytes: int

    @property
    def tables(self) -> frozenset[tuple[str, str]]:
        """The chosen ones whose rows come along; empty for the whole backup."""
        return self.selection.tables if self.selection else frozenset()

    def entries(self, entries: Sequence[TocEntry]) -> list[TocEntry]:
        """Those of the archive's that are restored."""
        return [entry for entry in entries if self.selection is None or entry.dump_id in self.selection.dump_ids]

    def subscriptions(self, entries: Sequence[TocEntry]) -> tuple[str, ...]:
        """The names of the subscriptions that come back."""
        return tuple(entry.name for entry in self.entries(entries) if entry.kind == "SUBSCRIPTION")

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the chosen ones stays behind."""
        return self.selection.left_out if self.selection else ()


def restore_extent(manifest: BackupManifest, entries: Sequence[TocEntry], request: RestoreRequest) -> RestoreExtent:
    """What of an archive was asked for; raises InvalidRequest naming what it does not hold."""
    if request.is_whole:
        return RestoreExtent(None, _extensions(entries), int(manifest.database_bytes * _ROOM))
    try:
        selection = select(entries, schemas=request.schemas, tables=request.tables)
    except ValueError as error:
        raise InvalidRequest(str(error), f"The backup is {manifest.backup_id}.") from None
    chosen = [entry for entry in entries if entry.dump_id in selection.dump_ids]
    text = sum(table.bytes for table in manifest.tables if (table.schema, table.name) in selection.tables)
    return RestoreExtent(selection, _extensions(chosen), int(text * _INDEXES))


def _extensions(entries: Sequence[TocEntry]) -> frozenset[str]:
    return frozenset(entry.name for entry in entries if entry.kind == "EXTENSION")
