"""Promise: `make matrix` that is asked to stop ends what it has started, and leaves nothing in the temporary folder."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.processes import marked, stop_marked
from tests.faults.job import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]
OTHER = next(version for version in ("3.12", "3.13") if version != f"{sys.version_info.major}.{sys.version_info.minor}")


@pytest.fixture
def mark() -> Iterator[str]:
    """What all of its processes carry in their environment; whatever is left of them is ended."""
    mark = f"MATRIX_OF_A_TEST={secrets.token_hex(8)}"
    yield mark
    stop_marked(mark)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_matrix_that_is_asked_to_stop_ends_its_servers_and_what_it_has_started(
    number: signal.Signals, mark: str, tmp_path: Path
) -> None:
    python, begun, places = tmp_path / f"bin/python{OTHER}", tmp_path / "begun", tmp_path / "temporary"
    python.parent.mkdir()
    places.mkdir()
    # A Python that never answers, as a program that hangs would: when it is asked, both servers are up.
    python.write_text(f"#!/bin/sh\necho > {begun}\nsleep 3600 & wait\n")
    python.chmod(0o755)
    name, _, value = mark.partition("=")
    path = f"{python.parent}:{os.environ['PATH']}"
    cell = ("--airflow", "3.3", "--python", OTHER, "--bounds", "newest", "--postgres")
    matrix = subprocess.Popen(
        [sys.executable, "-m", "support", *cell],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}/plugins", "TMPDIR": str(places), name: value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: begun.exists() or matrix.poll() is not None, "it tries a cell")
    assert len(marked(mark)) > 3
    matrix.send_signal(number)
    said, _ = matrix.communicate(timeout=PATIENCE)
    assert matrix.returncode == 128 + number, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    assert marked(mark) == []
    assert list(places.iterdir()) == []
