"""ArchiveContents: which data file of an archive holds which table, and what the tables came to in the end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.gateways.archive.toc import read_toc
from dbops.gateways.dump.dump import TOC, Counted
from dbops.gateways.dump.unfinished_dump import unfinished_dump


class ArchiveContents:
    """Empty until ``read``. ``sizes`` are the tables' bytes on the server, by schema and name."""

    def __init__(self, sizes: Mapping[tuple[str, str], int]) -> None:
        self._sizes = sizes
        self._entries: list[TocEntry] = []
        self._data: dict[str, TocEntry] = {}

    def read(self, toc: Path) -> None:
        """Read the archive's toc.dat, which pg_dump has closed before it begins the first data file."""
        self._entries = read_toc(toc)
        self._data = {entry.file: entry for entry in self._entries if entry.kind == "TABLE DATA" and entry.file}

    @property
    def tables_with_data(self) -> int:
        """How many tables have a data file."""
        return len(self._data)

    @property
    def size(self) -> int:
        """Bytes on the server of all tables that have a data file."""
        return sum(self.size_of(entry) for entry in self._data.values())

    def table_of(self, file: str) -> TocEntry | None:
        """The table in that data file; None where it holds something else."""
        return self._data.get(file.removesuffix(".zst"))

    def size_of(self, entry: TocEntry) -> int:
        """Bytes of the table on the server; 0 where nobody knows."""
        return self._sizes.get((entry.schema, entry.name), 0)

    def tables(self, counters: Mapping[str, Counted]) -> tuple[TableEntry, ...]:
        """Every table by schema and name; raises DumpFailed where a data file that was announced is not there.

        So it does where there is no archive at all: that of an empty database has a table of contents, too.
        """
        if not self._entries:
            raise unfinished_dump(f"pg_dump succeeded but left no archive: there is no {TOC}.")
        counts = {}
        for file, counter in counters.items():
            if entry := self.table_of(file):
                counts[entry.schema, entry.name] = counter
        missing = [entry.name for entry in self._data.values() if (entry.schema, entry.name) not in counts]
        if missing:
            raise unfinished_dump(f"pg_dump succeeded but left no data file for {', '.join(missing)}.")
        # A table that an extension lets people fill has rows in the archive, and no definition.
        defined = {(entry.schema, entry.name) for entry in self._entries if entry.kind == "TABLE"}
        return tuple(
            TableEntry(schema, name, counts[schema, name].rows, counts[schema, name].bytes)
            if (schema, name) in counts
            else TableEntry(schema, name, None, 0)
            for schema, name in sorted(defined | counts.keys())
        )
