"""What a benchmark says of memory is what the processes have: no page more often than it says, none left out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.process_memory import memory_of, tree_of
from tests.processes import state_of

_HELD = 60_000_000

# Between vfork and exec the child *is* its parent's memory; here it stays there, for the pipe that it opens has no end.
BEFORE_EXEC = f"""
import os, sys
held = bytearray(os.urandom(1)) * {_HELD}
print("held", flush=True)
os.posix_spawn("/bin/true", ["true"], {{}}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, sys.argv[1], os.O_RDONLY, 0)])
"""
FORKED = f"""
import os, sys
held = bytearray(os.urandom(1)) * {_HELD}
if os.fork():
    os.wait()
else:
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def running(program: str, *arguments: str) -> Iterator[int]:
    """The pid of a program that has said "held"; it ends with its stdin."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe whose reader waits until the test is over."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_child_that_is_about_to_become_another_program_is_not_its_parents_memory_once_more(pipe: Path) -> None:
    with running(BEFORE_EXEC, str(pipe)) as pid:
        tree = [pid]
        while len(tree) < 2 or state_of(tree[1]) != "S":  # it waits for the pipe; on its way there it takes pages
            tree = tree_of(pid)
        alone, both = memory_of([pid]), memory_of(tree)
        pipe.open("w").close()
    assert alone.resident > _HELD
    assert both.resident == alone.resident
    # The shares of what is a library's change with whatever else begins or ends meanwhile.
    assert abs(both.proportional - alone.proportional) < _HELD / 10


def test_what_two_processes_share_is_resident_in_both_and_half_of_it_is_each_ones_share() -> None:
    with running(FORKED) as pid:
        tree = tree_of(pid)
        found = memory_of(tree)
    assert len(tree) == 2
    assert found.resident > 2 * _HELD
    assert _HELD < found.proportional < found.resident - 0.9 * _HELD


def test_a_process_that_has_ended_has_no_memory() -> None:
    with running("print('held')") as pid:
        pass
    assert tree_of(pid) == [pid]
    assert memory_of([pid]) == memory_of([])
