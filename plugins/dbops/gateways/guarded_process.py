"""GuardedProcess: one of PostgreSQL's own programs, under a guardian, that can be paused and never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from dbops.errors import DumpFailed

_GUARDIAN = Path(__file__).with_name("guardian.py")
_STDERR_LINES = 40


class GuardedProcess:
    """A running program; use it as a context manager, which stops it. ``env`` is added to a minimal environment.

    ``lines`` is how many of its last lines on stderr are kept.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], *, lines: int = _STDERR_LINES, cwd: Path | None = None
    ) -> None:
        self.program = Path(command[0]).name
        try:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARDIAN), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**inherited_environment(), **env},
                process_group=0,
                cwd=cwd,
            )
        except OSError as error:
            raise DumpFailed(f"{self.program} could not be started: {error.strerror}.") from None
        self._lines: deque[str] = deque(maxlen=lines)
        self._reader = threading.Thread(target=self._read_stderr, name=f"{self.program} stderr", daemon=True)
        self._reader.start()
        self._paused_since: float | None = None
        self.pid = 0
        self.pid = self._read_pid()

    def _read_pid(self) -> int:
        assert self._guardian.stdout is not None  # noqa: S101 - it was asked for, two lines above
        words = self._guardian.stdout.readline().split()
        if len(words) != 2:  # noqa: PLR2004 - "started" and a number
            self.stop()
            raise DumpFailed(f"{self.program} could not be started: {self.stderr() or 'its guardian ended at once'}.")
        return int(words[1])

    def _read_stderr(self) -> None:
        assert self._guardian.stderr is not None  # noqa: S101 - it was asked for
        for line in self._guardian.stderr:
            self._lines.append(line.decode(errors="replace").rstrip())

    def stderr(self) -> str:
        """The last lines the program wrote for people."""
        return "\n".join(self._lines)

    def status(self) -> int | None:
        """The exit status, 128 + the signal's number where one ended it; None while it runs."""
        return self._guardian.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status; raises TimeoutError."""
        try:
            status = self._guardian.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        self._reader.join(timeout=5)
        return status

    def members(self) -> list[int]:
        """The pids of the program and of its workers."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except OSError:
            return [self.pid]
        return [self.pid, *map(int, children.split())]

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
        if self._guardian.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _signal(self, number: int) -> None:
        if self._guardian.returncode is not None and number != signal.SIGKILL:
            return  # it has ended, and its number may be somebody else's by now
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def stop(self) -> None:
        """End the program, its workers and its guardian, and wait until they are gone."""
        for stream in (self._guardian.stdin, self._guardian.stdout):
            if stream is not None:
                stream.close()
        try:
            self._guardian.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        if self._guardian.returncode < 0 and self.pid:  # the guardian was killed: do its work
            self._signal(signal.SIGKILL)
        self._reader.join(timeout=5)
        if self._guardian.stderr is not None:
            self._guardian.stderr.close()

    def __enter__(self) -> GuardedProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def inherited_environment() -> dict[str, str]:
    """What the program needs of ours: never the worker's own PG* variables, nor its other secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "LD_LIBRARY_PATH") if name in os.environ}


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
