"""Background servers: found again by a later command, and never mistaken for a stranger that inherited an id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.errors import ComponentFailed

_TAIL_LINES = 15


@dataclass(frozen=True)
class ProcessRecord:
    """What proves that a process id still means the process that was started: ids are reused, start times are not."""

    pid: int
    start_ticks: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> ProcessRecord | None:
        """The record of a running process; None when it is gone or has ended and only waits to be collected."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        state, start_ticks = fields[0], int(fields[19])
        if state in {"Z", "X"}:
            return None
        return cls(pid, start_ticks, Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())

    def is_running(self) -> bool:
        """Whether this very process still runs."""
        return ProcessRecord.of(self.pid) == self


def stop_marked(mark: str, *, grace: float = 5.0) -> int:
    """Stop every process whose environment carries `mark` ("NAME=value"); how many there were.

    Servers start processes of their own, and those outlive a server that is killed: only their environment still says
    whose they are.
    """
    found = [record for record in map(ProcessRecord.of, marked(mark)) if record is not None]
    for how, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        for record in found:
            if record.is_running():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(record.pid, how)
        deadline = time.monotonic() + seconds
        while any(record.is_running() for record in found) and time.monotonic() < deadline:
            time.sleep(0.05)
    return len(found)


def marked(mark: str) -> list[int]:
    """The ids of the processes whose environment carries `mark` ("NAME=value"), but for this one."""
    wanted = mark.encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


class Daemon:
    """One background server: `<directory>/<name>.process.json` remembers its process, `log` takes what it prints."""

    def __init__(self, name: str, directory: Path, log: Path) -> None:
        self.name = name
        self.log = log
        self._record_file = directory / f"{name}.process.json"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, **popen: Any) -> None:
        """Start it in the background, detached from this terminal; OSError when the program cannot be run."""
        self._record_file.unlink(missing_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self._child = subprocess.Popen(
                argv,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **popen,
            )
        finally:
            os.close(log)
        record = ProcessRecord.of(self._child.pid)
        if record is not None:
            self._record_file.write_text(json.dumps(asdict(record)), encoding="utf-8")

    @property
    def record(self) -> ProcessRecord | None:
        """The process this daemon was last started as, running or not."""
        try:
            return ProcessRecord(**json.loads(self._record_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def is_running(self) -> bool:
        """Whether the process that was started, and not one that inherited its id, runs."""
        if self._child is not None:
            self._child.poll()  # collects it when it has ended
        record = self.record
        return record is not None and record.is_running()

    def wait_ready(self, answers: Callable[[], bool], *, seconds: float, secrets: Sequence[str] = ()) -> None:
        """Wait until `answers()`; ComponentFailed with the end of the log when it ends or stays silent instead."""
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.is_running():
                raise ComponentFailed(
                    f"{self.name} stopped while it was starting; the end of {self.log}:", self.log_tail(secrets=secrets)
                )
            if time.monotonic() > deadline:
                raise ComponentFailed(
                    f"{self.name} did not answer within {seconds:.0f} seconds; the end of {self.log}:",
                    self.log_tail(secrets=secrets),
                )
            time.sleep(0.05)

    def stop(self, *, first: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> None:
        """Ask it to stop, wait `grace` seconds, then kill it; no error when it does not run."""
        for how, seconds in ((first, grace), (signal.SIGKILL, 10.0)):
            record = self.record
            if record is None or not self.is_running():
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, how)
            deadline = time.monotonic() + seconds
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(0.05)
        if self._child is not None:
            self._child.wait(timeout=10)
            self._child = None
        self._record_file.unlink(missing_ok=True)

    def log_tail(self, lines: int = _TAIL_LINES, *, secrets: Sequence[str] = ()) -> str:
        """The last lines it printed, with every one of `secrets` blotted out."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "(it printed nothing)"
        for secret in secrets:
            if secret:
                text = text.replace(secret, "********")
        return "\n".join(text.rstrip().splitlines()[-lines:]) or "(it printed nothing)"
