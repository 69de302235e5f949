"""Environments: an Airflow, a Python and the wheel, installed by uv from the package index, without constraints files.

Airflow's constraints lie elsewhere than its packages, and without any, an Airflow that is not the newest breaks: 3.2
with pydantic 2.14, say. So the index is asked for what it had when that Airflow was released, which is what its
constraints were made from; only what dbops may need newer (``_NEWER``) is taken as it is now. ``oldest`` are that
Airflow's first release and the lower bounds of pyproject.toml.
"""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from support.programs import run
from support.pythons import find_python
from support.wheel import ROOT

Bounds = Literal["newest", "oldest"]
AIRFLOWS = ("3.1", "3.2", "3.3")
PYTHONS = ("3.11", "3.12", "3.13")
# A day on which that release was there, and the next was not; None: now.
_LAST = {"3.1": "2026-03-15", "3.2": "2026-06-01", "3.3": None}
_FIRST = {"3.1": "2025-10-01", "3.2": "2026-04-15", "3.3": None}
_NEWER = (
    *("apache-airflow-providers-standard", "apache-airflow-providers-common-compat"),
    *("great-expectations", "backports-zstd", "hdrhistogram"),
)
_RESOLUTIONS = {"newest": "highest", "oldest": "lowest-direct"}


class NotInstalled(Exception):
    """What uv has said."""


@dataclass(frozen=True)
class Cell:
    """One of the matrix. With ``until`` it is installed as if it were that moment, and each time alike."""

    airflow: str
    python: str
    bounds: Bounds
    until: str | None = None

    def __str__(self) -> str:
        return f"Airflow {self.airflow}, Python {self.python}, {self.bounds}"

    def install(self, wheel: Path, folder: Path) -> Path:
        """Make the environment, and answer with its Python; raises NoPython, NotInstalled. Nothing is compiled."""
        _uv("venv", "--python", find_python(self.python), "--no-python-downloads", folder)
        python = folder / "bin/python"
        _uv(
            *("pip", "install", "--python", python, "--no-build", "--resolution", _RESOLUTIONS[self.bounds]),
            # Named apart from the wheel: lowest-direct leaves alone what is only asked for by a package.
            *("--requirement", ROOT / "pyproject.toml"),
            *_as_of((_LAST if self.bounds == "newest" else _FIRST)[self.airflow], self.until),
            f"apache-airflow=={self.airflow}.*",
            wheel,
        )
        return python


def _as_of(day: str | None, until: str | None) -> list[str]:
    if day is None:
        return ["--exclude-newer", until] if until else []
    now = until or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ["--exclude-newer", day, *(word for name in _NEWER for word in ("--exclude-newer-package", f"{name}={now}"))]


def _uv(*words: str | Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "uv"
    done = run([program, *words, "--quiet"], cwd="/")
    if done.returncode:
        raise NotInstalled(done.stderr.strip())
