"""Promises of a guardian that several programs share: each has its own life, and none outlives the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dbops.errors import DumpFailed
from dbops.gateways.processes.guard import Guard
from dbops.gateways.processes.guarded_process import GuardedProcess
from tests.unit.gateways.processes.test_guarded_process import eventually, is_alive

SLEEPER = ["/bin/sh", "-c", "sleep 300 & wait"]
OTHER = ["/bin/sh", "-c", "sleep 301 & wait"]
SPEAKER = ["/bin/sh", "-c", "echo what went wrong >&2; exit 3"]
ABSENT = ["/no/no_such_program"]
JOB = """
import sys, time
sys.path.insert(0, sys.argv[1])
from dbops.gateways.processes.guard import Guard
from dbops.gateways.processes.guarded_process import GuardedProcess
commands = [["/bin/sh", "-c", f"sleep 30{n} & wait"] for n in range(3)]
guard = Guard(commands, {})
one, other = (GuardedProcess(command, {}, guard=guard) for command in commands[:2])
other.pause()
print(one.pid, other.pid, guard.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def guard() -> Iterator[Guard]:
    """One guardian for all of them."""
    one = Guard([SLEEPER, OTHER, SPEAKER, ABSENT], {})
    yield one
    one.close()


def started(guard: Guard, command: Sequence[str]) -> GuardedProcess:
    return GuardedProcess(command, {}, guard=guard)


def test_what_one_says_and_how_it_ends_is_its_own(guard: Guard) -> None:
    sleeper, speaker = started(guard, SLEEPER), started(guard, SPEAKER)
    assert speaker.wait(20) == 3
    assert speaker.stderr() == "what went wrong"
    assert sleeper.stderr() == ""
    assert sleeper.status() is None


def test_stopping_one_leaves_the_others_alone(guard: Guard) -> None:
    sleeper, other = started(guard, SLEEPER), started(guard, OTHER)
    members = sleeper.members()
    sleeper.pause()

    sleeper.stop()

    assert sleeper.status() == 128 + signal.SIGTERM
    assert eventually(lambda: not any(is_alive(pid) for pid in members))
    assert is_alive(other.pid)
    assert other.status() is None


def test_one_that_is_not_there_is_an_error_that_leaves_the_others_alone(guard: Guard) -> None:
    sleeper = started(guard, SLEEPER)
    with pytest.raises(DumpFailed, match=r"no_such_program could not be started: .*No such file"):
        started(guard, ABSENT)
    assert is_alive(sleeper.pid)


def test_closing_ends_those_that_run_and_does_not_wait_for_those_that_never_did(guard: Guard) -> None:
    sleeper, other = started(guard, SLEEPER), started(guard, OTHER)
    other.pause()

    guard.close()

    assert not any(is_alive(pid) for pid in (sleeper.pid, other.pid, guard.pid))
    assert sleeper.status() == other.status() == 128 + signal.SIGTERM


def test_nothing_of_them_survives_a_job_that_is_killed() -> None:
    plugins = str(Path(__file__).parents[4] / "plugins")
    job = subprocess.Popen([sys.executable, "-c", JOB, plugins], stdout=subprocess.PIPE, text=True)
    assert job.stdout is not None
    family = [int(word) for word in job.stdout.readline().split()]
    assert len(family) == 3
    assert all(is_alive(pid) for pid in family)
    job.kill()
    job.wait()
    job.stdout.close()
    assert eventually(lambda: not any(is_alive(pid) for pid in family))


def test_when_the_guardian_is_killed_every_program_counts_as_failed_and_is_ended(guard: Guard) -> None:
    sleeper, other = started(guard, SLEEPER), started(guard, OTHER)
    os.kill(guard.pid, signal.SIGKILL)
    assert eventually(lambda: None not in {sleeper.status(), other.status()})
    assert 0 not in {sleeper.status(), other.status()}

    sleeper.stop()

    assert eventually(lambda: not any(is_alive(pid) for pid in (sleeper.pid, other.pid)))
