"""Dump: what writes an archive into the spool, as what sends the files on sees it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dbops.errors import DbopsError
from dbops.gateways.dump.pg_dump import dump_failure
from dbops.gateways.processes.guarded_process import GuardedProcess

TOC = "toc.dat"


class Counted(Protocol):
    """What a table's data file came to so far: rows, and bytes of COPY text."""

    @property
    def rows(self) -> int:
        """Rows."""

    @property
    def bytes(self) -> int:
        """Bytes."""


@dataclass(frozen=True)
class DumpFile:
    """A file in the spool, and its ``name`` in the archive. ``counted`` where its writer counts the rows itself."""

    path: Path
    name: str
    is_closed: bool
    counted: Counted | None = None


class Dump(Protocol):
    """An archive that is being written."""

    def status(self) -> int | None:
        """The exit status; None while it goes on. Raises DbopsError where something other than a program failed."""

    def files(self) -> list[DumpFile]:
        """What lies in the spool now; nothing before the table of contents is closed."""

    def failure(self, status: int) -> DbopsError:
        """What that exit status, not 0, means."""

    def said(self) -> str:
        """What pg_dump has written on stderr so far, or the end of it; all of that once there is a status."""

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit status; raises TimeoutError."""

    def work(self) -> int:
        """What changes as long as its programs compute; what only waits for the server does not."""

    @property
    def paused_for(self) -> float:
        """Seconds since it was paused; 0 while it runs."""

    def pause(self) -> None:
        """Let nothing more be written. Does nothing when paused."""

    def resume(self) -> None:
        """Go on. Does nothing when running."""

    def stop(self) -> None:
        """End it, and wait until it is gone."""


class PlainDump:
    """pg_dump alone, writing into ``folder``.

    Whether it has closed a file is asked of the kernel: a file that was there before we looked at the open files of
    pg_dump and its workers, and is not among them, is complete.
    """

    def __init__(self, process: GuardedProcess, folder: Path) -> None:
        self._process, self.folder = process, folder
        self._has_contents = False

    def status(self) -> int | None:
        """See Dump."""
        return self._process.status()

    def files(self) -> list[DumpFile]:
        """See Dump."""
        ended = self._process.status() is not None  # asked before looking: what ended has written all
        if not self.folder.is_dir():
            return []
        names = sorted(os.listdir(self.folder), key=lambda name: (name != TOC, name))  # noqa: PTH208 - ten times as fast
        still_open = set() if ended else {Path(path).name for path in self._process.open_files()}
        self._has_contents = self._has_contents or (TOC in names and TOC not in still_open)
        if not self._has_contents:
            return []
        return [DumpFile(self.folder / name, name, name not in still_open) for name in names]

    def failure(self, status: int) -> DbopsError:
        """See Dump."""
        return dump_failure(self._process.program, status, self._process.stderr(), self.folder)

    def said(self) -> str:
        """See Dump."""
        return self._process.stderr()

    def wait(self, timeout: float) -> int:
        """See Dump."""
        return self._process.wait(timeout)

    def work(self) -> int:
        """See Dump."""
        return self._process.work()

    @property
    def paused_for(self) -> float:
        """See Dump."""
        return self._process.paused_for

    def pause(self) -> None:
        """See Dump."""
        self._process.pause()

    def resume(self) -> None:
        """See Dump."""
        self._process.resume()

    def stop(self) -> None:
        """See Dump."""
        self._process.stop()
