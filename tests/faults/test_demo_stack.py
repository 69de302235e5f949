"""What `python -m demo` does when something goes wrong half way: one sentence, not zero, and nothing left running."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.ports import is_free
from demo.processes import marked
from demo.stack import CHECKOUT, PORTS, mark
from demo.state import DemoState


@contextmanager
def cleaned(place: Path) -> Iterator[Path]:
    folder = place / "demo"
    yield folder
    demo(folder, "clean")
    assert not folder.exists()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with cleaned(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def started_before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a demo that is started again and again: what an ended start has left is there."""
    with cleaned(tmp_path_factory.mktemp("again")) as folder:
        yield folder


def demo(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", "--folder", str(folder), *command],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "--folder", str(folder), "up", "--scale", "0.01"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def eventually(holds: Callable[[], bool], *, seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def left_running(folder: Path) -> list[int]:
    state = DemoState.load(folder / "state.json")
    return [*marked(mark(state)), *marked(f"{mark(state)}-airflow")] if state else []


def settled(folder: Path, **ports: int) -> DemoState:
    """The folder of a demo that was started before with these ports, and does not run."""
    folder.mkdir()
    state = DemoState.generate()
    state.ports |= ports
    state.settle_ports(PORTS, keep=list(ports))
    state.save(folder / "state.json")
    return state


def break_airflow(folder: Path) -> None:
    (folder / "airflow").mkdir(parents=True)
    (folder / "airflow" / "airflow.cfg").write_text("this is no configuration\n")


def airflow_is_starting(folder: Path) -> bool:
    log = folder / "logs" / "airflow.log"
    return log.exists() and log.stat().st_size > 0


@dataclass(frozen=True)
class BadStart:
    """A start that met a stranger on the mail's port and a killed Airflow's orphan, and whose Airflow fails."""

    folder: Path
    result: subprocess.CompletedProcess[str]
    strangers_port: int
    orphan: int
    """How that process ended."""


@pytest.fixture(scope="module")
def bad_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadStart]:
    with cleaned(tmp_path_factory.mktemp("bad")) as folder, socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        state = settled(folder, mail=taken)
        name, _, value = f"{mark(state)}-airflow".partition("=")
        port = state.ports["airflow"]
        script = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
        with subprocess.Popen([sys.executable, "-c", script], env={**os.environ, name: value}) as orphan:
            assert eventually(lambda: not is_free(port))
            break_airflow(folder)
            result = demo(folder, "up", "--scale", "0.01")
            try:
                status = orphan.wait(timeout=10)
            finally:
                orphan.kill()
        yield BadStart(folder, result, taken, status)


def test_a_server_that_does_not_start_ends_the_start_and_leaves_nothing_running(bad_start: BadStart) -> None:
    result = bad_start.result
    assert result.returncode == 1
    assert "Airflow stopped while it was starting" in result.stderr
    assert "airflow.cfg" in result.stderr  # the end of its log
    assert left_running(bad_start.folder) == []
    state = DemoState.load(bad_start.folder / "state.json")
    assert state is not None
    assert not [word for word in state.secrets.values() if word in result.stdout + result.stderr]


def test_a_remembered_port_that_a_stranger_took_is_replaced_and_said_so(bad_start: BadStart) -> None:
    assert f"Port {bad_start.strangers_port} (mail) is in use by another program" in bad_start.result.stdout


def test_what_a_killed_airflow_leaves_is_stopped_before_another_one_starts(bad_start: BadStart) -> None:
    assert bad_start.orphan == -signal.SIGTERM
    assert bad_start.result.stdout.count("in use by another program") == 1  # the stranger's


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_start_that_is_ended_half_way_leaves_nothing_running(started_before: Path, number: signal.Signals) -> None:
    folder = started_before
    (folder / "logs" / "airflow.log").unlink(missing_ok=True)
    process = start(folder)
    assert eventually(lambda: airflow_is_starting(folder))
    assert left_running(folder)

    process.send_signal(number)
    output, _ = process.communicate(timeout=120)

    assert process.returncode != 0
    assert eventually(lambda: left_running(folder) == [])
    assert number is signal.SIGKILL or "Interrupted: everything that was started has been stopped" in output


def test_a_second_start_at_the_same_time_is_told_to_wait(folder: Path) -> None:
    process = start(folder)
    assert eventually((folder / "state.json").exists)

    result = demo(folder, "up")

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert result.returncode == 1
    assert f"Another command works on this demo (process {process.pid})" in result.stderr


def test_a_damaged_state_is_said_to_be_so_and_can_be_removed(folder: Path) -> None:
    folder.mkdir()
    (folder / "state.json").write_text("{")

    started, stopped, cleaned = demo(folder, "up"), demo(folder, "stop"), demo(folder, "clean")

    assert started.returncode == stopped.returncode == 1
    assert "`make demo-clean` removes the demo" in started.stderr
    assert "Traceback" not in started.stderr + stopped.stderr + cleaned.stderr
    assert cleaned.returncode == 0


def test_no_variables_are_printed_for_a_demo_that_does_not_run(folder: Path) -> None:
    absent = demo(folder, "env")
    settled(folder)
    stopped = demo(folder, "env")

    assert (absent.returncode, absent.stdout) == (1, "")
    assert "There is no demo here" in absent.stderr
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert "The demo does not run" in stopped.stderr


@pytest.mark.parametrize("command", ["break", "mend"])
def test_nothing_is_broken_or_mended_of_a_demo_that_does_not_run(folder: Path, command: str) -> None:
    absent = demo(folder, command)
    settled(folder)
    stopped = demo(folder, command)

    assert absent.returncode == stopped.returncode == 1
    assert "There is no demo here: `make demo` makes one." in absent.stderr
    assert "The demo does not run: `make demo` starts it." in stopped.stderr
    assert "Traceback" not in absent.stderr + stopped.stderr


def test_stopping_and_removing_what_is_not_there_is_no_error(folder: Path) -> None:
    assert demo(folder, "stop").returncode == 0
    assert demo(folder, "clean").returncode == 0


def test_make_names_a_too_old_python_and_installs_nothing(tmp_path: Path) -> None:
    for file in ("Makefile", "requirements-uv.txt", "requirements-dev.txt"):
        shutil.copy(CHECKOUT / file, tmp_path)
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ncase "$1" in --version|-V) echo "Python 3.9.2" ;; *) exit 1 ;; esac\n')
    old.chmod(0o755)

    result = subprocess.run(
        ["make", "demo", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )

    assert result.returncode != 0
    assert "Python 3.9.2, and this needs Python 3.11 or newer" in result.stderr
    assert not (tmp_path / ".venv").exists()
