"""MeasuredRun: what one command cost on the client's side - time, memory, disk."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process_memory import memory_of, tree_of

_EVERY = 0.1


class RunFailed(Exception):
    """A measured command did not succeed; carries what it said."""


@dataclass(frozen=True)
class MeasuredRun:
    """Wall time and CPU time in seconds; peaks in bytes, looked at ten times a second.

    ``resident`` is the sum over the command and all its descendants, ``proportional`` the same with what they share
    counted once, ``spool`` the disk blocks in the spool directory.
    """

    seconds: float
    cpu_seconds: float
    resident: int
    spool: int
    proportional: int


def run_measured(
    command: Sequence[str], environment: Mapping[str, str], spool: Path, *, well: Collection[int] = (0,)
) -> MeasuredRun:
    """Run a command to its end; raises RunFailed where it ends with a status that is not ``well``."""
    before = os.times()
    began = time.monotonic()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    watch = _Watch(process.pid, spool)
    watch.start()
    try:
        _, said = process.communicate()
    finally:
        seconds = time.monotonic() - began
        watch.end()
    after = os.times()
    if process.returncode not in well:
        raise RunFailed(
            f"{command[-1]} ended with status {process.returncode}: {said.decode(errors='replace')[-2000:]}"
        )
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return MeasuredRun(seconds, cpu, watch.resident, watch.spool, watch.proportional)


class _Watch(threading.Thread):
    """Keeps the peaks of a process tree."""

    def __init__(self, root: int, spool: Path) -> None:
        super().__init__(name="watch", daemon=True)
        self.resident = self.spool = self.proportional = 0
        self._root, self._spool_folder = root, spool
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_EVERY):
            memory = memory_of(tree_of(self._root))
            self.resident = max(self.resident, memory.resident)
            self.proportional = max(self.proportional, memory.proportional)
            self.spool = max(self.spool, _blocks(self._spool_folder))

    def end(self) -> None:
        self._over.set()
        self.join()


def _blocks(folder: Path) -> int:
    held = 0
    for path in folder.rglob("*"):
        try:
            held += path.stat().st_blocks * 512
        except OSError:
            continue
    return held
