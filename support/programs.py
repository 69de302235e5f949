"""Programs: what a trial runs, each in a process group of its own, so that all of them can be ended from elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_is_over = threading.Event()


class Ended(Exception):
    """What was run has been ended by ``end_all``, or was not started after it."""


def run(
    words: Sequence[str | Path],
    *,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it and return how it ended and what it said, whatever that is.

    Raises OSError, Ended, and TimeoutExpired, after which it is gone.
    """
    with _said() as out, _said() as err:
        with _lock:
            if _is_over.is_set():
                raise Ended
            process = subprocess.Popen(words, cwd=cwd, env=env, stdout=out, stderr=err, process_group=0)
            _running.add(process)
        try:
            process.wait(timeout)
        except BaseException:
            _end(process)
            process.wait()
            raise
        finally:
            with _lock:
                _running.discard(process)
        if _is_over.is_set():
            raise Ended
        return subprocess.CompletedProcess(words, process.returncode, _all_of(out), _all_of(err))


def end_all() -> None:
    """End what runs, with what it has started, and let nothing be started any more."""
    with _lock:
        _is_over.set()
        for process in _running:
            if process.poll() is None:
                _end(process)


def _said() -> IO[str]:
    """A file, not a pipe: whoever has inherited it and goes on keeps nobody waiting."""
    return TemporaryFile("w+", encoding="utf-8", errors="replace")


def _all_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # it has just ended, and its group with it
        os.killpg(process.pid, signal.SIGKILL)
