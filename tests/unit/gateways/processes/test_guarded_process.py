"""Promises of the guardian: nothing of a program outlives the job that started it, also while it is paused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dbops.errors import DumpFailed
from dbops.gateways.processes.guarded_process import GuardedProcess

FAMILY = ["/bin/sh", "-c", "sleep 300 & sleep 300 & wait"]
JOB = """
import sys, time
sys.path.insert(0, sys.argv[1])
from dbops.gateways.processes.guarded_process import GuardedProcess
program = GuardedProcess(["/bin/sh", "-c", "trap '' TERM; sleep 300 & sleep 300 & echo up >&2; wait; wait"], {})
while "up" not in program.stderr():
    time.sleep(0.01)
if "pause" in sys.argv:
    program.pause()
print(program.pid, *program.members()[1:], program._guardian.pid, flush=True)
time.sleep(300)
"""

TICKING = """
import sys, time
while True:
    with open(sys.argv[1], "a") as ticks:
        ticks.write("x")
    time.sleep(0.01)
"""


def state(pid: int) -> str:
    """R, S, D, T (stopped), Z (a zombie), or Z where it is gone altogether."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def is_alive(pid: int) -> bool:
    return state(pid) != "Z"


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_the_exit_status_and_what_it_said_come_back() -> None:
    with GuardedProcess(["/bin/sh", "-c", "echo what went wrong >&2; exit 3"], {}) as program:
        assert program.wait(20) == 3
        assert program.stderr() == "what went wrong"


def test_a_program_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(DumpFailed, match="no_such_program could not be started"):
        GuardedProcess(["/no/no_such_program"], {})


def test_a_program_gets_its_own_variables_and_not_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "the worker's")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "a secret")
    with GuardedProcess(["/bin/sh", "-c", "env >&2"], {"PGHOST": "ours"}) as program:
        program.wait(20)
        said = program.stderr()
    assert "PGHOST=ours" in said
    assert "PGPASSWORD" not in said
    assert "AIRFLOW_CONN_OTHER" not in said


@pytest.mark.parametrize("paused", [False, True])
def test_stop_leaves_nothing_of_the_family(paused: bool) -> None:
    with GuardedProcess(FAMILY, {}) as program:
        assert eventually(lambda: len(program.members()) == 3)
        members = program.members()
        if paused:
            program.pause()
    assert not any(is_alive(pid) for pid in members)


@pytest.mark.parametrize("how", ["running", "pause"])
def test_nothing_survives_a_job_that_is_killed(how: str) -> None:
    plugins = str(Path(__file__).parents[4] / "plugins")
    job = subprocess.Popen([sys.executable, "-c", JOB, plugins, how], stdout=subprocess.PIPE, text=True)
    assert job.stdout is not None
    family = [int(word) for word in job.stdout.readline().split()]
    assert len(family) == 4
    assert all(is_alive(pid) for pid in family)
    job.kill()
    job.wait()
    job.stdout.close()
    assert eventually(lambda: not any(is_alive(pid) for pid in family))


def test_workers_of_a_program_that_is_killed_do_not_stay() -> None:
    with GuardedProcess(FAMILY, {}) as program:
        assert eventually(lambda: len(program.members()) == 3)
        members = program.members()
        os.kill(program.pid, signal.SIGKILL)
        assert program.wait(20) == 128 + signal.SIGKILL
        assert eventually(lambda: not any(is_alive(pid) for pid in members))


def test_a_killed_guardian_is_noticed_and_its_work_is_done() -> None:
    with GuardedProcess(FAMILY, {}) as program:
        assert eventually(lambda: len(program.members()) == 3)
        members = program.members()
        os.kill(program._guardian.pid, signal.SIGKILL)
        assert eventually(lambda: program.status() is not None)
        assert program.status() != 0
    assert eventually(lambda: not any(is_alive(pid) for pid in members))


def test_a_paused_program_stands_still_and_goes_on_when_resumed(tmp_path: Path) -> None:
    ticks = tmp_path / "ticks"
    # Not a shell: stopped in the middle of a vfork, it waits for its child in a state of its own.
    with GuardedProcess([sys.executable, "-I", "-S", "-c", TICKING, str(ticks)], {}) as program:
        assert eventually(ticks.exists)
        program.pause()
        assert eventually(lambda: {state(pid) for pid in program.members()} <= {"T", "Z"})
        assert program.paused_for > 0
        size = ticks.stat().st_size
        program.resume()
        assert program.paused_for == 0
        assert eventually(lambda: ticks.stat().st_size > size)


def test_the_files_that_it_holds_open_are_seen(tmp_path: Path) -> None:
    held = tmp_path / "held"
    with GuardedProcess(["/bin/sh", "-c", f"exec 3> {held}; sleep 300"], {}) as program:
        assert eventually(lambda: str(held) in program.open_files())
