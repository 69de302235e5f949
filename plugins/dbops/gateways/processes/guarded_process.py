"""GuardedProcess: one of PostgreSQL's own programs, under a guardian, that can be paused and never outlives us."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from dbops.errors import DumpFailed
from dbops.gateways.processes.guard import STDERR_LINES, Guard

_USER_TIME, _SYSTEM_TIME = 11, 12  # of /proc/PID/stat, counted from the field behind the name


class GuardedProcess:
    """A running program; use it as a context manager, which stops it. ``env`` is added to a minimal environment.

    ``lines`` is how many of its last lines on stderr are kept, ``cwd`` the folder it runs in. Where there is a
    ``token``, each of its connections finds what it gives at that time. ``guard`` is one that was made for this command
    among others; without it the program gets a guardian of its own.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        lines: int = STDERR_LINES,
        cwd: Path | None = None,
        guard: Guard | None = None,
        token: Callable[[], str] | None = None,
    ) -> None:
        self.program = Path(command[0]).name
        self._guardian = guard or Guard([command], env, lines=lines, cwd=cwd, token=token)
        self._number = self._guardian.commands.index(list(command))
        self._paused_since: float | None = None
        self.pid = self._guardian.start(self._number)
        if not self.pid:
            self.stop()
            raise DumpFailed(f"{self.program} could not be started: {self.stderr() or 'its guardian ended at once'}.")

    def stderr(self) -> str:
        """The last lines the program wrote for people."""
        return self._guardian.stderr(self._number)

    def status(self) -> int | None:
        """The exit status, 128 + the signal's number where one ended it; None while it runs."""
        return self._guardian.status(self._number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status; raises TimeoutError."""
        status = self._guardian.wait(self._number, timeout)
        if status is None:
            raise TimeoutError
        return status

    def members(self) -> list[int]:
        """The pids of the program and of its workers."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except OSError:
            return [self.pid]
        return [self.pid, *map(int, children.split())]

    def work(self) -> int:
        """What grows as long as the program or one of its workers computes: ticks of the processor, since it began.

        A worker that has ended counts no more, so that it may also fall: what tells is that it changes.
        """
        return sum(_ticks(pid) for pid in self.members())

    def open_files(self) -> set[str]:
        """The paths that the program and its workers hold open at this moment."""
        paths = set()
        for pid in self.members():
            try:
                with os.scandir(f"/proc/{pid}/fd") as entries:
                    for entry in entries:
                        paths.add(_link(entry.path))
            except OSError:  # it ended in between
                continue
        return paths

    @property
    def paused_for(self) -> float:
        """Seconds since it was paused; 0 while it runs."""
        return 0.0 if self._paused_since is None else time.monotonic() - self._paused_since

    def pause(self) -> None:
        """Stop the program and its workers where they are; the server waits on them. Does nothing when paused."""
        if self._paused_since is None:
            self._signal(signal.SIGSTOP)
            self._paused_since = time.monotonic()

    def resume(self) -> None:
        """Let them go on. Does nothing when running."""
        if self._paused_since is not None:
            self._signal(signal.SIGCONT)
            self._paused_since = None

    def signal(self, number: int) -> None:
        """Send a signal to the program alone; nothing where it has ended."""
        if self.status() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _signal(self, number: int) -> None:
        if self.status() is not None:
            return  # it has ended, and its number may be somebody else's by now
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self) -> None:
        """End the program and its workers, and wait until they are gone."""
        self._guardian.stop(self._number)

    def __enter__(self) -> GuardedProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _ticks(pid: int) -> int:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it ended in between
        return 0
    return int(after_name[_USER_TIME]) + int(after_name[_SYSTEM_TIME])


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
