"""`python -m support`: try the wheel beside each Airflow, on each Python, and on each PostgreSQL.

Prints a line for each cell of docs/support.md, and ends with 1 where one has failed. The Pythons are looked for on
PATH, and under pyenv. As many trials as there are cores are made at once and one more, for each waits now and then;
five at most.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import FrameType

from support.asked import what_is_asked
from support.programs import end_all
from support.trial import Trial
from support.wheel import build_wheel
from tests.servers import running_postgres, running_s3

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AT_ONCE = min(len(os.sched_getaffinity(0)) + 1, 5)  # each takes a GB of memory


def main() -> int:
    """All of both, unless some are named."""
    asked = what_is_asked(sys.argv[1:], __doc__)
    with tempfile.TemporaryDirectory(prefix="dbops-matrix-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        wheel = build_wheel(folder)
        with running_s3(folder / "s3") as store, running_postgres(folder / "postgres") as server:
            trial = Trial(folder, wheel, store, server)
            trials = [partial(trial.of_cell, cell, needed=asked.needs_each) for cell in asked.cells]
            if asked.postgres:  # the longest goes first
                trials.insert(0, partial(trial.of_postgres, asked.postgres, asked.beside, needed=asked.needs_each))
            passed = _made(trials)
    return not all(passed)


def _made(trials: Sequence[Callable[[], bool]]) -> list[bool]:
    """Whether each has passed; who is asked to stop meanwhile ends those that are being made."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return list(pool.map(lambda one: one(), trials))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise


class _Interrupted(BaseException):
    """By that signal."""

    def __init__(self, number: int) -> None:
        self.number = number


def _interrupt(number: int, _: FrameType | None) -> None:
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)  # what ends now must not be ended half-way
    raise _Interrupted(number)


if __name__ == "__main__":
    for one in _SIGNALS:
        signal.signal(one, _interrupt)
    try:
        sys.exit(main())
    except _Interrupted as interrupted:
        sys.stdout.write("Interrupted: what was started is ended.\n")
        sys.exit(128 + interrupted.number)
