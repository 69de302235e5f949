"""Job: a job in a process of its own, watched from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.faults.spooled import bytes_written
from tests.processes import descendants_of, parent_of, processes_with, state_of

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_until(happened: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition; fails the test, naming it, where it does not come about."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} seconds"
        time.sleep(0.02)


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The report on stdout."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found

    @property
    def error(self) -> str:
        """What the job said went wrong, and what to do."""
        return f"{self.report['error']} {self.report['remedy']}"


class Job:
    """A job in a process of its own; what it starts is found by its spool directory."""

    def __init__(self, command: list[str], environment: dict[str, str], spool: Path, output: Path) -> None:
        self.spool = spool
        self._out, self._err = output.with_suffix(".out"), output.with_suffix(".err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=out, stderr=err)

    def finish(self, seconds: float = PATIENCE) -> Outcome:
        """Wait for its end."""
        status = self.process.wait(seconds)
        return Outcome(status, self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def wait_until(self, happened: Callable[[], T], what: str) -> T:
        """Wait for a condition while the job runs, and give what it came to; fails the test where that ends before."""
        seen: list[T] = []

        def happened_or_over() -> bool:
            is_over = self.process.poll() is not None
            seen.append(happened())
            return bool(seen[-1]) or is_over

        wait_until(happened_or_over, what)
        assert seen[-1], f"the job ended before {what}: {self.finish()}"
        return seen[-1]

    def offspring(self) -> list[int]:
        """The guardian, the program it guards and that one's workers, as long as they run."""
        return [pid for pid in working_in(self.spool) if pid != self.process.pid]

    def descendants(self) -> list[int]:
        """Every process that descends from the job at this moment, whatever it is called."""
        return descendants_of(self.process.pid)

    @property
    def guardian(self) -> int:
        """The process between the job and the program."""
        return next(pid for pid in self.offspring() if parent_of(pid) == self.process.pid)

    @property
    def program(self) -> int:
        """The process of pg_dump or pg_restore itself."""
        guardian = self.guardian
        return next(pid for pid in self.offspring() if parent_of(pid) == guardian)

    @property
    def workers(self) -> list[int]:
        """The processes that it started for -j."""
        leader = self.program
        return [pid for pid in self.offspring() if parent_of(pid) == leader]

    def wait_until_reading(self) -> None:
        """Wait until tables are being read into the spool."""
        self.wait_until(
            lambda: bytes_written(self.spool, ".dat.zst") > 200_000 and self.workers, "pg_dump reads tables"
        )

    def wait_until_paused(self) -> None:
        """Wait until pg_dump and all its workers are stopped."""

        def all_stopped() -> bool:
            # Of one look: what a second one finds may be others, or none where a program has ended between them.
            dumping = [pid for pid in self.offspring() if parent_of(pid) != self.process.pid]
            return len(dumping) > 1 and all(state_of(pid) == "T" for pid in dumping)

        self.wait_until(all_stopped, "pg_dump is paused")

    def kill(self, number: int = signal.SIGKILL) -> Outcome:
        """Send it a signal and wait for its end."""
        self.process.send_signal(number)
        return self.finish()


def working_in(folder: Path) -> list[int]:
    """The processes in whose command line that folder is."""
    return processes_with(str(folder))


def still_running(pids: list[int]) -> list[int]:
    """Those of these processes that have not ended."""
    return [pid for pid in pids if state_of(pid) not in "XZ"]


def leading(pids: list[int]) -> list[int]:
    """Those that none of these processes has started: what a server starts has its command line for a moment."""
    return [pid for pid in pids if parent_of(pid) not in pids]


def end(jobs: Sequence[Job]) -> None:
    """Kill them, and then what they have left."""
    for job in jobs:
        if job.process.poll() is None:
            job.kill()
    for job in jobs:
        for pid in job.offspring():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
