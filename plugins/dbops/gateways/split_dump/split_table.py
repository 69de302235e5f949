"""SplitTable: what is asked of the server for a large table, of which each session reads some ranges of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dbops.domain.archives.copy_statement import read_copy_statement
from dbops.domain.archives.split_reading import PageRange, TableName, page_ranges
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.sql.object_names import in_sql
from dbops.errors import DumpFailed


@dataclass(frozen=True)
class SplitTable:
    """A table to read in ranges. ``relation`` and ``columns`` are SQL; ``file`` is its data file's name."""

    name: TableName
    relation: str
    columns: str
    file: str
    parts: Sequence[Sequence[PageRange]]

    @classmethod
    def of(cls, entry: TocEntry, pages: int, readers: int) -> Self:
        """The table whose rows the entry announces, for so many readers; raises DumpFailed.

        It is read by its own name: what its rows are copied *into* may be the partitioned table that it belongs to.
        """
        copy = read_copy_statement(entry.copy_statement)
        if copy is None or entry.file is None:
            raise DumpFailed(
                f"Table {entry.schema}.{entry.name} cannot be read in parts.",
                "Set backup.split_above: null and run again.",
            )
        name = (entry.schema, entry.name)
        return cls(name, in_sql(*name), copy.columns, f"{entry.file}.zst", page_ranges(pages, readers))

    def copy_statements(self, reader: int, pipe: Path) -> str:
        """What one reader runs to read its part of the table into ``pipe``."""
        # Our snapshot's lock came first; a migration that waits in line since must fail us, not block us.
        lines = [rf"\o '{pipe}'", f"LOCK TABLE ONLY {self.relation} IN ACCESS SHARE MODE NOWAIT;"]
        for pages in self.parts[reader]:
            below = "" if pages.end is None else f" AND ctid < '({pages.end},0)'"
            where = f"ctid >= '({pages.first},0)'{below}"
            rows = f"SELECT {self.columns} FROM ONLY {self.relation} WHERE {where}"  # noqa: S608 - pg_dump's own words
            lines.append(f"COPY ({rows}) TO STDOUT;")
        return "\n".join([*lines, r"\qecho '\\.'", ""])
