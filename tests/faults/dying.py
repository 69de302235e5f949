"""Dying: the same job again and again, each time killed at the next boundary that nobody has died at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tests.faults.job import REPOSITORY, Outcome
from tests.faults.nursery import Task

_MOST = 60


class Nursery:
    """See nursery.py; ``run`` gives a job's outcome when it has ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._asked = 0

    def run(self, task: Task) -> Outcome:
        """Start it and wait for its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked += 1
        self._process.stdin.write(json.dumps(asdict(replace(task, number=self._asked))) + "\n")
        self._process.stdin.flush()
        number = 0
        while number != self._asked:  # a test that was given up has left its answer
            number, status = map(int, self._process.stdout.readline().split())
        out, err = (Path(f"{task.output}.{name}").read_text("utf-8") for name in ("out", "err"))
        return Outcome(status, out, err)


@contextmanager
def nursery() -> Iterator[Nursery]:
    """One that ends with the block."""
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.nursery"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Nursery(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


@dataclass
class Dying:
    """A job that is run until it comes through, which is when it ``ends_with`` that status.

    It does not die at what matches the pattern ``spared``.
    ``died_at`` are the boundaries, in the order of the deaths, ``outcome`` is that of the attempt that came through.
    """

    nursery: Nursery
    job: str
    arguments: list[str]
    environment: dict[str, str]
    place: Path
    ends_with: int = 0
    spared: str = ""
    died_at: list[str] = field(default_factory=list)
    outcome: Outcome | None = None

    def attempts(self) -> Iterator[str]:
        """Run it, and name the boundary at which it has died; ends when it has come through.

        Each attempt finds what the one before has left, dies one boundary later, and has answered nothing.
        """
        while True:
            outcome = self.run(self.died_at)
            if outcome.status == self.ends_with:
                self.outcome = outcome
                return
            boundary = (self.place / "dying.boundary").read_text("utf-8")
            assert outcome.status == -signal.SIGKILL, f"after {self.died_at[-1:]}: {outcome}"
            assert boundary not in self.died_at, outcome
            assert len(self.died_at) < _MOST, "a boundary has another name each time"
            assert outcome.stdout == "", "one that was killed has reported something"
            self.died_at.append(boundary)
            yield boundary

    def run(self, passed: list[str] | None = None) -> Outcome:
        """Run it once; it lives unless there is a boundary that is not in ``passed``."""
        task = Task(self.job, self.arguments, self.environment, passed, str(self.place / "dying"), self.spared)
        return self.nursery.run(task)
