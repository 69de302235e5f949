"""SplitDump: one archive, written by several programs that see the same snapshot.

- a pg_dump of everything, for its table of contents: it is ended as soon as that is written, before it reads rows;
- a pg_dump of everything but the rows of the large tables;
- psql sessions that read the large tables in ranges of pages, see SplitTables.

The files of the second and third take the names that the first one's table of contents gives them, so that the archive
is what one pg_dump would have made: that table of contents, and a data file for each of its entries.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dbops.domain.archives.split_reading import SplitReading, TableName
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.options.backup import BackupOptions
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DbopsError, DumpFailed
from dbops.gateways.archive.toc import read_toc
from dbops.gateways.dump.brake import Brake
from dbops.gateways.dump.dump import TOC, DumpFile, PlainDump
from dbops.gateways.dump.pg_dump import DUMP_LINES, pg_dump_command
from dbops.gateways.processes.guard import Guard
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program
from dbops.gateways.split_dump.shared_snapshot import SharedSnapshot
from dbops.gateways.split_dump.split_table import SplitTable
from dbops.gateways.split_dump.split_tables import SplitTables, session_commands

_ENCODING = re.compile(r"SET client_encoding = '([A-Za-z0-9_]+)'")
_TICK = 0.05
_BETWEEN_LOOKS = 0.1  # of the spool's cap; whoever sends it on looks twenty times a second, and pauses at 0.7 of it
_ROWS = "TABLE DATA"


class SplitDump:
    """A Dump. ``snapshot`` must stay open as long as it runs; its tables are those of ``plan``."""

    def __init__(
        self,
        program: Program,
        address: DatabaseAddress,
        folder: Path,
        options: BackupOptions,
        *,
        plan: SplitReading,
        snapshot: SharedSnapshot,
        replica: bool,
    ) -> None:
        self._address, self._folder, self._options = address, folder, options
        self._plan, self._snapshot = plan, snapshot
        self._names: dict[str, str] = {}
        self._tables: SplitTables | None = None
        self._paused_since: float | None = None
        self._is_proven = False
        whole, rest = folder / "contents", folder / "rest"
        alone, workers = (options.model_copy(update={"jobs": jobs}) for jobs in (1, plan.workers))
        command = partial(pg_dump_command, program, address, replica=replica, snapshot=snapshot.name)
        contents_of = command(whole, alone)
        all_but_rows = command(rest, workers, without_rows_of=plan.tables)
        self._sessions = session_commands(program, address, folder, plan.readers)
        commands = [contents_of, all_but_rows, *self._sessions]
        self._guard = Guard(commands, address.libpq_environment(), lines=DUMP_LINES, token=address.token)
        try:
            self._whole = PlainDump(self._start(contents_of), whole)
            self._rest = PlainDump(self._start(all_but_rows), rest)
        except BaseException:
            self._guard.close()
            raise

    def _start(self, command: Sequence[str]) -> GuardedProcess:
        return GuardedProcess(command, self._address.libpq_environment(), guard=self._guard)

    def status(self) -> int | None:
        """See Dump."""
        if status := self._rest.status():
            return status
        if self._tables is None:
            return self._begin() or None
        if status := self._tables.status():
            return status
        if self._rest.status() is None or self._tables.status() is None:
            return None
        self._require_rows(self._tables)
        return 0

    def _begin(self) -> int | None:
        """Once both tables of contents are there, start to read the large tables; a status where pg_dump failed."""
        whole, rest = _contents(self._whole), _contents(self._rest)
        if whole is None:
            return self._whole.status()
        self._whole.pause()
        if rest is None:
            return None
        encoding = _require_same(whole, rest, self._plan.tables)
        self._whole.stop()
        self._names = _names(whole, rest)
        self._tables = SplitTables(
            self._sessions,
            self._start,
            self._folder,
            self._split_tables(whole),
            snapshot=self._snapshot.name,
            encoding=encoding,
            level=self._options.zstd_level,
            brake=Brake(int(self._options.spool_cap * _BETWEEN_LOOKS)),
        )
        for left in self._whole.folder.iterdir():
            if left.name != TOC:
                left.unlink()
        return None

    def _split_tables(self, entries: Sequence[TocEntry]) -> list[SplitTable]:
        return [
            SplitTable.of(entry, self._snapshot.pages[entry.schema, entry.name], self._plan.readers)
            for table in self._plan.tables
            for entry in entries
            if entry.kind == _ROWS and (entry.schema, entry.name) == table
        ]

    def _require_rows(self, read: SplitTables) -> None:
        """Whatever the sessions have asked for: a table of which they brought nothing must be empty."""
        if self._is_proven:
            return
        for schema, name in read.empty:
            if self._snapshot.has_rows((schema, name)):
                raise DumpFailed(
                    f"No row of table {schema}.{name} was read, and it has some.",
                    "This is a bug in dbops itself: report it. Until it is fixed set backup.split_above: null, so "
                    "that pg_dump alone reads, and run it again.",
                )
        self._is_proven = True

    def files(self) -> list[DumpFile]:
        """See Dump."""
        if self._tables is None:
            return []
        contents = self._whole.folder / TOC
        return [
            *([DumpFile(contents, TOC, is_closed=True)] if contents.exists() else []),
            *(DumpFile(file.path, self._names.get(file.name, file.name), file.is_closed)
              for file in self._rest.files() if file.name != TOC),
            *(DumpFile(file.path, name, file.is_closed, file)
              for name, file in self._tables.files.items() if file.path.exists()),
        ]  # fmt: skip

    def failure(self, status: int) -> DbopsError:
        """See Dump."""
        for part in (self._rest, self._tables, self._whole):
            if part is not None and part.status():
                return part.failure(status)
        return DumpFailed(f"The dump ended with status {status}.")

    def said(self) -> str:
        """See Dump. The pg_dump that is ended early says nothing that the other one does not."""
        return self._rest.said()

    def wait(self, timeout: float) -> int:
        """See Dump."""
        deadline = time.monotonic() + timeout
        while (status := self.status()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_TICK)
        return status

    def work(self) -> int:
        """See Dump."""
        return self._whole.work() + self._rest.work() + (self._tables.work() if self._tables is not None else 0)

    @property
    def paused_for(self) -> float:
        """See Dump."""
        return 0.0 if self._paused_since is None else time.monotonic() - self._paused_since

    def pause(self) -> None:
        """See Dump."""
        if self._paused_since is None:
            self._paused_since = time.monotonic()
            self._rest.pause()
            if self._tables is not None:
                self._tables.pause()

    def resume(self) -> None:
        """See Dump."""
        if self._paused_since is not None:
            self._paused_since = None
            self._rest.resume()
            if self._tables is not None:
                self._tables.resume()

    def stop(self) -> None:
        """See Dump."""
        try:
            self._guard.close()
        finally:
            if self._tables is not None:
                self._tables.stop()


def is_splittable(schema: str, name: str, encoding: str) -> bool:
    """Whether psql can be told of that table without a doubt about the letters of its name."""
    return encoding == "UTF8" or (schema + name).isascii()


def _contents(dump: PlainDump) -> list[TocEntry] | None:
    return read_toc(dump.folder / TOC) if dump.files() else None


def _key(entry: TocEntry) -> tuple[str, str, str]:
    return entry.kind, entry.schema, entry.name


def _require_same(whole: Sequence[TocEntry], rest: Sequence[TocEntry], tables: Sequence[TableName]) -> str:
    """The archive's encoding; raises DumpFailed where the two pg_dumps have not seen the same database."""
    wanted = sorted(_shape(entry) for entry in whole if entry.kind != _ROWS or (entry.schema, entry.name) not in tables)
    if wanted != sorted(_shape(entry) for entry in rest):
        raise DumpFailed(
            "The database's schema was changed while the backup began, so that its parts would not agree.",
            "Run it again when the migration has ended.",
        )
    settings = next((entry.definition for entry in whole if entry.kind == "ENCODING"), "")
    match = _ENCODING.search(settings)
    if match is None:
        raise DumpFailed("The archive does not say its encoding.", "Set backup.split_above: null and run it again.")
    return match[1]


def _shape(entry: TocEntry) -> tuple[str, ...]:
    return *_key(entry), entry.owner, entry.definition, entry.copy_statement


def _names(whole: Sequence[TocEntry], rest: Sequence[TocEntry]) -> dict[str, str]:
    """What the files of ``rest`` are called in the archive, by what they are called in the spool."""
    names = {_key(entry): entry.file for entry in whole if entry.file}
    pairs = [(entry.file, names[_key(entry)]) for entry in rest if entry.file]
    return {f"{mine}{suffix}": f"{theirs}{suffix}" for mine, theirs in pairs for suffix in ("", ".zst")}
