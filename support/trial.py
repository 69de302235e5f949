"""A trial: install the wheel into an environment of its own, and see whether the smoke test's promises are kept there.

Of each a line is printed; two may be made at once. A server that comes with a pg_dump is dumped by that.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg

from dbops.gateways.processes.programs import Program
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from support.environments import Cell, NotInstalled
from support.postgres_servers import NoNpm, NotFetched, fetch_postgres
from support.programs import run
from support.pythons import NoPython
from support.surroundings import fill, surroundings
from support.wheel import ROOT

_SMOKE = ROOT / "support/smoke.py"
_LAST_LINES = 30
_CLIENTS = threading.Lock()  # boto3 makes its clients in one session, which no two threads may do at once


@dataclass(frozen=True)
class Trial:
    """What all have in common."""

    folder: Path
    wheel: Path
    store: SeaweedS3
    server: EmbeddedPostgres

    def of_cell(self, cell: Cell, *, needed: bool = True) -> bool:
        """Whether it has not failed; one whose Python is not here has, if it is ``needed``."""
        return _answer(str(cell), lambda: self._of_cell(cell), needed=needed)

    def of_postgres(self, majors: Sequence[int], cell: Cell, *, needed: bool = True) -> bool:
        """Whether none has failed, in one environment, that of the cell; what is not here has, if it is ``needed``."""
        name = f"PostgreSQL {', '.join(map(str, majors))} in {cell}"
        return _answer(name, lambda: self._of_postgres(majors, cell, needed=needed), needed=needed)

    def _of_cell(self, cell: Cell) -> bool:
        with self._environment(cell) as python:
            self.server.create_database(database := f"shop_{secrets.token_hex(4)}")
            return self._smoke(str(cell), python, self.server.url(database), self.server.bin_dir)

    def _of_postgres(self, majors: Sequence[int], cell: Cell, *, needed: bool) -> bool:
        with self._environment(cell) as python:
            trials = {f"PostgreSQL {major}": partial(self._of_server, major, python) for major in majors}
            failed = [name for name, trial in trials.items() if not _answer(name, trial, needed=needed)]
            return not failed

    def _of_server(self, major: int, python: Path) -> bool:
        program = fetch_postgres(major, self.folder / f"postgres-{major}")
        programs = program.path.parent if program.sibling("pg_dump").exists() else self.server.bin_dir
        with self._other_server(program) as database:
            return self._smoke(f"PostgreSQL {program.version}", python, database, programs)

    @contextmanager
    def _environment(self, cell: Cell) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="environment-", dir=self.folder))
        try:
            yield cell.install(self.wheel, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _other_server(self, program: Program) -> Iterator[str]:
        with ThrowawayServer(program, self.folder, "matrix") as server:
            address = server.address()
            url = f"postgresql://{address.user}@{quote(str(address.host), safe='')}:{address.port}"
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            yield f"{url}/shop"

    def _smoke(self, name: str, python: Path, database: str, programs: Path) -> bool:
        fill(database)
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self.folder))
        with _CLIENTS:
            self.store.create_bucket(bucket := f"matrix-{secrets.token_hex(4)}")
        env = surroundings(home, database=database, store=self.store, bucket=bucket, programs=programs)
        begun = time.monotonic()
        done = run([python, _SMOKE], env=env, cwd="/")
        kept = [line.removeprefix("KEPT ") for line in done.stdout.splitlines() if line.startswith("KEPT ")]
        if done.returncode:
            said = Path(tempfile.mkstemp(prefix="dbops-matrix-", suffix=".log")[1])
            said.write_text(done.stdout + done.stderr, encoding="utf-8")
            end = "\n".join(done.stderr.splitlines()[-_LAST_LINES:])  # where only what is printed is kept, as CI does
            return _tell(name, f"FAILED after {kept}; all it said is in {said}, and at last:\n{end}")
        return _tell(name, f"ok in {time.monotonic() - begun:.0f} s: {'; '.join(kept)}", ok=True)


def _answer(name: str, trial: Callable[[], bool], *, needed: bool) -> bool:
    """The trial's own; one that cannot be made is told, and has failed, but for what cannot be had nor is needed."""
    try:
        return trial()
    except (NoPython, NoNpm) as error:
        return _tell(name, f"NOT RUN: {error}", ok=not needed)
    except NotInstalled as error:
        return _tell(name, f"NOT INSTALLED: {error}")
    except NotFetched as error:
        return _tell(name, f"NOT RUN: it could not be fetched: {error}", ok=not needed)


def _tell(name: str, what: str, *, ok: bool = False) -> bool:
    sys.stdout.write(f"{name}: {what}\n")
    sys.stdout.flush()
    return ok
