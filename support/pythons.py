"""Pythons: where the interpreter of a version is, on PATH or under pyenv.

Pyenv puts a name for each version on PATH, of which only those run that it is set to: so each is asked.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from support.programs import run

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class NoPython(Exception):
    """None of that version is here."""


def find_python(version: str) -> Path:
    """The first that runs and is of that version, the own one before others; raises NoPython."""
    for place in _places(version):
        if _version_of(place) == version:
            return place
    raise NoPython(f"there is no Python {version} on PATH or under pyenv")


def _places(version: str) -> Iterator[Path]:
    if version == OWN:
        yield Path(sys.executable)
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield Path(folder or ".").absolute() / f"python{version}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    releases = {one: re.fullmatch(re.escape(version) + r"\.(\d+)", one.name) for one in pyenv.glob("versions/*")}
    patches = {int(match[1]): one for one, match in releases.items() if match}
    for patch in sorted(patches, reverse=True):
        yield patches[patch] / "bin" / f"python{version}"


def _version_of(python: Path) -> str | None:
    try:
        done = run([python, "-c", _VERSION])
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()
