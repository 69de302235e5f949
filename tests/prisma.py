"""A real Prisma for tests: its command line as npm has it, and its engine as WebAssembly; tests/testdata/prisma."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.ledger.migration import Migration
from tests.migrating_ledger import PRISMA

_OLDEST_NODE = (20, 19)  # Prisma 7's
_FILES = ("package.json", "package-lock.json", "engine.mjs")
_INSTALL_WITHIN = 240
_COMMAND_WITHIN = 120
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CONFIG = """export default {
  schema: "schema.prisma",
  migrations: { path: "migrations" },
  datasource: { url: process.env.DATABASE_URL, shadowDatabaseUrl: process.env.SHADOW_DATABASE_URL },
};
"""
_SCHEMA = 'datasource db {\n  provider = "postgresql"\n}\n'
_LOCK = 'provider = "postgresql"\n'


def why_no_prisma() -> str:
    """Why Prisma cannot run here; empty where it can."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "there is no node and npm here"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return "" if found >= _OLDEST_NODE else f"node is {version}, and Prisma needs {'.'.join(map(str, _OLDEST_NODE))}"


def installed() -> Path:
    """The folder that Prisma is installed in: once for all sessions and worktrees, as package-lock.json says."""
    digest = hashlib.sha256(b"".join((PRISMA / name).read_bytes() for name in _FILES)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dbops-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"prisma-{digest[:16]}"
    with (cache / "prisma.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not folder.exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    new = folder.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in _FILES:
        shutil.copy(PRISMA / name, new)
    # Without scripts: they would download the native engine, for which the stand-in stands in.
    command = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=new, capture_output=True, text=True, timeout=_INSTALL_WITHIN, check=False)
    if done.returncode:
        raise AssertionError(
            f"Prisma could not be installed; try {' '.join(command)} yourself. npm said: {done.stderr}"
        )
    new.rename(folder)


@dataclass(frozen=True)
class Said:
    """How a command ended, and all that it printed."""

    status: int
    text: str


class Prisma:
    """A Prisma project with a folder of migrations for one database."""

    def __init__(self, folder: Path, url: str, shadow: str, *, schema: str = _SCHEMA) -> None:
        self.folder, self._url, self._shadow = folder, url, shadow
        self._installed = installed()
        (folder / "migrations").mkdir(parents=True)
        (folder / "prisma.config.mjs").write_text(_CONFIG, encoding="utf-8")
        (folder / "schema.prisma").write_text(schema, encoding="utf-8")
        (folder / "migrations/migration_lock.toml").write_text(_LOCK, encoding="utf-8")

    def add(self, *migrations: Migration) -> None:
        """Put them into the project, or their new texts."""
        for migration in migrations:
            place = self.folder / "migrations" / migration.name
            place.mkdir(exist_ok=True)
            (place / "migration.sql").write_bytes(migration.body)

    def remove(self, migration: Migration) -> None:
        """Take it out of the project."""
        shutil.rmtree(self.folder / "migrations" / migration.name)

    def run(self, *arguments: str) -> Said:
        """``prisma migrate`` with these arguments."""
        return self.start(*arguments)()

    def start(self, *arguments: str) -> Callable[[], Said]:
        """Begin ``prisma migrate``; to be called for how it ended."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DATABASE_URL": self._url,
            "SHADOW_DATABASE_URL": self._shadow,
            "PRISMA_SCHEMA_ENGINE_BINARY": str(self._installed / "engine.mjs"),
            "PRISMA_HIDE_UPDATE_MESSAGE": "1",
            "CHECKPOINT_DISABLE": "1",
            "CI": "1",
            "NO_COLOR": "1",
        }
        process = subprocess.Popen(
            ["node", str(self._installed / "node_modules/prisma/build/index.js"), "migrate", *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

        def ended() -> Said:
            with process:
                try:
                    text, _ = process.communicate(timeout=_COMMAND_WITHIN)
                finally:
                    process.kill()
            return Said(process.returncode, _COLOURS.sub("", text))

        return ended
