r"""SplitTables: the rows of large tables, read by several psql sessions in ranges of pages, written as pg_dump would.

Each session writes its part of a table as COPY text into a named pipe; a thread a session takes whole rows out of it,
counts them, and adds them to the table's data file: one zstd stream, in whatever order the ranges arrive. A line
``\.``, which no row can be, is the last in a pipe, and says that the part was read to its end.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dbops.domain.archives.split_reading import TableName
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DbopsError, SpoolError
from dbops.gateways.dump.brake import Brake
from dbops.gateways.dump.copy_rows import NEWLINE
from dbops.gateways.dump.pg_dump import dump_failure
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.pipe_size import enlarge
from dbops.gateways.processes.programs import Program
from dbops.gateways.split_dump.data_file import DataFile
from dbops.gateways.split_dump.split_table import SplitTable

BUFFER = 256 * 1024
_ENOUGH = 128 * 1024
_FILLS = 0.002  # seconds that a pipe is given to fill: few large reads instead of many small ones
_LOOK_UP = 0.1
_END = b"\\.\n"

# What pg_dump sets, so that the rows read the same. Servers before PostgreSQL 17 know no transaction_timeout.
_SESSION = r"""\set ON_ERROR_STOP 1
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
WHERE name = 'transaction_timeout' \g /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET TRANSACTION SNAPSHOT '{snapshot}';
SET search_path = '';
SET client_encoding = '{encoding}';
SET DateStyle = ISO;
SET IntervalStyle = postgres;
SET extra_float_digits = 3;
SET synchronize_seqscans = off;
SET row_security = off;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
"""


def session_commands(pg_dump: Program, address: DatabaseAddress, folder: Path, readers: int) -> list[list[str]]:
    """How psql is called by each reader, with a script in ``folder`` that SplitTables writes."""
    psql = [str(pg_dump.sibling("psql")), "-X", "-q", "-w", "-d", address.program_database(), "-f"]
    return [[*psql, str(_script(folder, number))] for number in range(readers)]


def _script(folder: Path, reader: int) -> Path:
    return folder / f"{reader}.sql"


class SplitTables:
    """Starts reading into ``folder`` at once; ``stop`` ends it. ``encoding`` is the archive's.

    ``start`` starts one of the commands that ``session_commands`` gave; ``brake`` holds what they write.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        start: Callable[[Sequence[str]], GuardedProcess],
        folder: Path,
        tables: Sequence[SplitTable],
        *,
        snapshot: str,
        encoding: str,
        level: int,
        brake: Brake,
    ) -> None:
        readers = len(commands)
        self._folder, self._brake, self._tables = folder, brake, tables
        self.files = {table.file: DataFile(folder / table.file, level, readers, brake) for table in tables}
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._sessions: list[GuardedProcess] = []
        self._threads: list[threading.Thread] = []
        for number in range(readers):
            pipes = [folder / f"{table.file}.{number}" for table in tables]
            for pipe in pipes:
                os.mkfifo(pipe, 0o600)
            copies = [table.copy_statements(number, pipe) for table, pipe in zip(tables, pipes, strict=True)]
            script = _SESSION.format(snapshot=snapshot, encoding=encoding) + "".join(copies)
            _script(folder, number).write_text(script, encoding="utf-8")
            self._threads.append(threading.Thread(target=self._run, args=(pipes,), name=f"reader {number}"))
        try:
            for command, thread in zip(commands, self._threads, strict=True):
                self._sessions.append(start(command))
                thread.start()
        except BaseException:
            self.stop()
            raise

    def status(self) -> int | None:
        """0 when every file is whole, another exit status where a session failed, None before; raises SpoolError.

        To be asked whenever the spool was looked at: what is written in between is bounded by the brake.
        """
        self._brake.look()
        if isinstance(self._failure, OSError):
            raise SpoolError(
                f"A table cannot be written into the spool directory {self._folder.parent}: {self._failure.strerror}.",
                "Free space there, or set backup.spool to a directory with more; it takes about backup.spool_cap.",
            ) from None
        if self._failure is not None:
            raise self._failure
        statuses = [session.status() for session in self._sessions]
        if failed := next(filter(None, statuses), None):
            return failed  # the others would read on for hours for nothing
        return None if None in statuses or any(thread.is_alive() for thread in self._threads) else 0

    @property
    def empty(self) -> list[TableName]:
        """The tables of which no row came."""
        return [table.name for table in self._tables if not self.files[table.file].rows]

    def failure(self, status: int) -> DbopsError:
        """What that exit status, not 0, means."""
        said = next((session.stderr() for session in self._sessions if session.status() == status), "")
        return dump_failure("psql, which reads a large table,", status, said, self._folder)

    def work(self) -> int:
        """What changes as long as the sessions compute."""
        return sum(session.work() for session in self._sessions)

    def pause(self) -> None:
        """Take nothing more out of the pipes: the sessions wait, and the server with them."""
        self._brake.pull()

    def resume(self) -> None:
        """Go on."""
        self._brake.release()

    def stop(self) -> None:
        """End all sessions and threads."""
        self._stopped.set()
        self._brake.release()
        for session in self._sessions:
            session.stop()
        for thread in self._threads[: len(self._sessions)]:
            thread.join()
        for file in self.files.values():
            file.close()

    def _run(self, pipes: Sequence[Path]) -> None:
        try:
            for pipe, file in zip(pipes, self.files.values(), strict=True):
                with Rows(pipe, self._brake, self._stopped) as rows:
                    rows.copy(file)
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self._failure = error


class Stopped(Exception):
    """Nobody wants the rest."""


class Rows:
    """Whole rows out of one pipe."""

    def __init__(self, pipe: Path, brake: Brake, stopped: threading.Event) -> None:
        self._brake, self._stopped = brake, stopped
        # For writing too, so that opening it waits for nobody: its end is the line that says so, not the pipe's.
        self._pipe = os.open(pipe, os.O_RDWR | os.O_CLOEXEC)
        enlarge(self._pipe)
        self._buffer = bytearray(2 * BUFFER)
        self._held = 0

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)

    def copy(self, file: DataFile) -> None:
        """Add everything to the table's file."""
        searched = 0  # up to here lies the beginning of one row
        while not self._has_ended():
            if whole := self._buffer.rfind(b"\n", searched, self._held) + 1:
                self._move(file, whole)
            searched = self._held
            self._fill()
        self._move(file, self._held - len(_END))
        file.end_reader()

    def _has_ended(self) -> bool:
        r"""Whether the last line is ``\.``: nothing comes after it."""
        if not self._buffer.endswith(_END, 0, self._held):
            return False
        return self._held == len(_END) or self._buffer[self._held - len(_END) - 1] == NEWLINE

    def _move(self, file: DataFile, length: int) -> None:
        with memoryview(self._buffer) as text:
            if length:
                file.add(text[:length])
        self._buffer[: self._held - length] = self._buffer[length : self._held]
        self._held -= length

    def _fill(self) -> None:
        """Wait for more; a row that is longer than the buffer makes it grow."""
        if self._held > len(self._buffer) - BUFFER:
            self._buffer.extend(bytes(len(self._buffer)))
        while not self._stopped.is_set():
            if not self._brake.wait(_LOOK_UP) or not select.select([self._pipe], [], [], _LOOK_UP)[0]:
                continue
            with memoryview(self._buffer) as space:
                length = os.readv(self._pipe, [space[self._held : self._held + BUFFER]])
            self._held += length
            if length < _ENOUGH:
                time.sleep(_FILLS)
            return
        raise Stopped
