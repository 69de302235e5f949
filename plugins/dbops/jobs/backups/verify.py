"""verify: prove that a restored database is what its backup's manifest and table of contents say."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from dbops.domain.archives.schema_comparison import differences, fingerprint
from dbops.domain.archives.selection import Selection
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.domain.backups.verification import Finding, Verification
from dbops.domain.restores.restored_rows import differing_rows, loaded_by_others
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.major_version import major_version
from dbops.domain.words.quantities import format_count
from dbops.gateways.archive import Archive, Loaded
from dbops.gateways.processes.programs import Program
from dbops.gateways.schema.schema_dump import dump_schema
from dbops.gateways.server.restored_database import RestoredDatabase

_SETVAL = re.compile(r"setval\('.*', (-?\d+), (true|false)\)")


@dataclass(frozen=True)
class Renamed:
    """A schema that came back as ``new_name`` into a database that holds others.

    ``entries`` is what pg_dump said of it under its new name, on a server of version ``described_by``.
    """

    schema: str
    new_name: str
    entries: Sequence[TocEntry]
    described_by: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A database that was loaded from an archive: from what, where, how, and since when.

    Where a schema was ``renamed``, it is all that was restored, and all that is looked at.
    """

    archive: Archive
    address: DatabaseAddress
    loaded: Loaded
    analyze_seconds: float
    started: datetime
    selection: Selection | None = None
    owners: bool = True
    renamed: Renamed | None = None

    @property
    def new_name(self) -> str | None:
        """What the only schema that was restored is called now; None where nothing was renamed."""
        return self.renamed.new_name if self.renamed else None

    @property
    def brought(self) -> Sequence[TocEntry]:
        """The archive's entries that were restored."""
        if self.selection is None:
            return self.archive.entries
        return [entry for entry in self.archive.entries if entry.dump_id in self.selection.dump_ids]


def verify(
    restored: Restored,
    pg_dump: Program,
    *,
    kind: Literal["drill", "restore"],
    run: str,
    jobs: int,
    clock: Callable[[], datetime],
) -> Verification:
    """Compare a restored database with its backup, read-only, over ``jobs`` connections; raises DbopsError."""
    began = time.monotonic()
    manifest = restored.archive.manifest
    database = RestoredDatabase(restored.address, restored.new_name)
    expected = _expected_tables(restored)
    counts = _count(database, jobs)
    version = database.server_version()
    findings = [
        *(Finding("warning", f"pg_restore said: {each.text} ({each.why}).") for each in restored.loaded.complaints),
        *_tables(restored, database, expected, counts),
        *_schema(restored, pg_dump, version),
        *_sequences(restored, database),
        *(
            Finding("error", f"Index {schema}.{name} is invalid: its build failed.")
            for schema, name in database.broken_indexes()
        ),
        *(_extensions(restored, database) if restored.selection is None else ()),
        *(_large_objects(restored, database) if restored.selection is None else ()),
    ]
    return Verification(
        target=manifest.target,
        backup_id=manifest.backup_id,
        ok=all(finding.severity != "error" for finding in findings),
        kind=kind,
        run=run,
        started=restored.started,
        finished=clock(),
        server_version=version,
        findings=tuple(findings),
        tables=len(expected),
        rows=sum(counts.values()),
        bytes_downloaded=restored.loaded.downloaded,
        load_seconds=restored.loaded.seconds,
        analyze_seconds=restored.analyze_seconds,
        verify_seconds=time.monotonic() - began,
        schema_fingerprint=fingerprint(restored.archive.entries),
        whole=restored.selection is None,
    )


def _expected_tables(restored: Restored) -> list[TableEntry]:
    tables = restored.archive.manifest.tables
    if restored.selection is None:
        return list(tables)
    chosen = [table for table in tables if (table.schema, table.name) in restored.selection.tables]
    renamed = restored.renamed
    if renamed is None:
        return chosen
    return [replace(table, schema=renamed.new_name) for table in chosen if table.schema == renamed.schema]


def _count(database: RestoredDatabase, jobs: int) -> dict[tuple[str, str], int]:
    oids = database.tables()
    return dict(zip(oids, database.count(list(oids.values()), jobs), strict=True))


def _tables(
    restored: Restored, database: RestoredDatabase, expected: list[TableEntry], counts: dict[tuple[str, str], int]
) -> Iterator[Finding]:
    loaded_by = loaded_by_others(restored.brought)
    if renamed := restored.renamed:  # what it is loaded by lies in the same schema
        loaded_by = {
            (renamed.new_name, name): (renamed.new_name, root)
            for (schema, name), (_, root) in loaded_by.items()
            if schema == renamed.schema
        }
    partitions = database.partitions() if loaded_by else {}
    for sentence in differing_rows(expected, counts, loaded_by=loaded_by, partitions=partitions):
        yield Finding("error", sentence)


def _schema(restored: Restored, pg_dump: Program, version: str) -> Iterator[Finding]:
    entries, selection, renamed = restored.brought, restored.selection, restored.renamed
    manifest, major, only_expected = restored.archive.manifest, major_version(version), selection is not None
    written = (manifest.server_major, manifest.pg_dump_major)
    if renamed is not None:
        entries, written, only_expected = renamed.entries, (major_version(renamed.described_by), pg_dump.major), False
    found = dump_schema(pg_dump, restored.address, restored.new_name)
    for sentence in differences(entries, found, owners=restored.owners, only_expected=only_expected):
        if renamed is not None and sentence.startswith("acl ") and not sentence.endswith("is missing"):
            yield Finding("warning", f"{_capital(sentence)}: the live database's default privileges add to the grants.")
        elif (major, pg_dump.major) == written:
            yield Finding("error", f"{_capital(sentence)}.")
        else:  # another major version, of either, may write the same thing otherwise
            yield Finding(
                "warning",
                f"{_capital(sentence)}, as pg_dump {pg_dump.major} tells it of PostgreSQL {major}; the backup is "
                f"pg_dump {written[1]}'s of PostgreSQL {written[0]}.",
            )


def _sequences(restored: Restored, database: RestoredDatabase) -> Iterator[Finding]:
    renamed = restored.renamed
    wanted = {
        (entry.schema if renamed is None else renamed.new_name, entry.name): (int(match[1]), match[2] == "true")
        for entry in restored.brought
        if entry.kind == "SEQUENCE SET" and (match := _SETVAL.search(entry.definition))
        if renamed is None or entry.schema == renamed.schema
    }
    stands, behind = database.sequences(wanted), database.sequences_behind()
    for sequence, expected in sorted(wanted.items()):
        name = ".".join(sequence)
        if sequence not in stands:
            yield Finding("error", f"Sequence {name} is missing; the backup has its value.")
        elif stands[sequence] != expected:
            yield Finding("error", f"Sequence {name} does not have the value that the backup has.")
        elif sequence in behind:
            yield Finding(
                "warning",
                f"Sequence {name} will return values that its column already has; it had that value when the backup "
                "was made.",
            )


def _extensions(restored: Restored, database: RestoredDatabase) -> Iterator[Finding]:
    present = database.extensions()
    for text in restored.archive.manifest.extensions:
        name, _, version = text.partition(" ")
        if name not in present:
            yield Finding("error", f"Extension {name} is missing.")
        elif present[name] != version:
            yield Finding("warning", f"Extension {name} is {present[name]}; the backup was made with {version}.")


def _large_objects(restored: Restored, database: RestoredDatabase) -> Iterator[Finding]:
    expected = sum(file.name.startswith("blob_") for file in restored.archive.data_files)
    found = database.large_objects()
    if found != expected:
        yield Finding("error", f"The database has {format_count(found, 'large object')}; the backup has {expected}.")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
