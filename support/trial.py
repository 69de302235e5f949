"""A trial: install the wheel into an environment of its own, and see whether the smoke test's promises are kept there.

Of each a line is printed. A server that comes with a pg_dump is dumped by that.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from dbops.gateways.programs import Program
from dbops.gateways.throwaway_server import ThrowawayServer
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from support.environments import Cell, NotInstalled
from support.postgres_servers import fetch_postgres
from support.pythons import NoPython
from support.surroundings import fill, surroundings
from support.wheel import ROOT

_SMOKE = ROOT / "support/smoke.py"
_LAST_LINES = 30


@dataclass(frozen=True)
class Trial:
    """What all have in common."""

    folder: Path
    wheel: Path
    store: SeaweedS3
    server: EmbeddedPostgres

    def of_cell(self, cell: Cell, *, needed: bool = True) -> bool:
        """Whether it has not failed; one whose Python is not here has, if it is ``needed``."""
        environment = self.folder / "environment"
        try:
            python = cell.install(self.wheel, environment)
            self.server.create_database(database := f"shop_{secrets.token_hex(4)}")
            return self._smoke(str(cell), python, self.server.url(database), self.server.bin_dir)
        except NoPython as error:
            return _tell(str(cell), f"NOT RUN: {error}", ok=not needed)
        except NotInstalled as error:
            return _tell(str(cell), f"NOT INSTALLED: {error}")
        finally:
            shutil.rmtree(environment, ignore_errors=True)

    def of_postgres(self, majors: Iterable[int], cell: Cell) -> int:
        """In one environment, that of the cell; answers how many have failed."""
        failed = 0
        environment = self.folder / "environment"
        installed = cell.install(self.wheel, environment)
        for major in majors:
            try:
                program = fetch_postgres(major, self.folder / f"postgres-{major}")
            except subprocess.CalledProcessError as error:
                failed += not _tell(f"PostgreSQL {major}", f"NOT FETCHED: {error.stderr.decode().strip()}")
                continue
            programs = program.path.parent if program.sibling("pg_dump").exists() else self.server.bin_dir
            with self._other_server(program) as database:
                failed += not self._smoke(f"PostgreSQL {program.version}", installed, database, programs)
        shutil.rmtree(environment)
        return failed

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
        self.store.create_bucket(bucket := f"matrix-{secrets.token_hex(4)}")
        env = surroundings(home, database=database, store=self.store, bucket=bucket, programs=programs)
        begun = time.monotonic()
        done = subprocess.run([python, _SMOKE], env=env, cwd="/", capture_output=True, text=True, check=False)
        kept = [line.removeprefix("KEPT ") for line in done.stdout.splitlines() if line.startswith("KEPT ")]
        if done.returncode:
            said = Path(tempfile.mkstemp(prefix="dbops-matrix-", suffix=".log")[1])
            said.write_text(done.stdout + done.stderr, encoding="utf-8")
            end = "\n".join(done.stderr.splitlines()[-_LAST_LINES:])  # where only what is printed is kept, as CI does
            return _tell(name, f"FAILED after {kept}; all it said is in {said}, and at last:\n{end}")
        return _tell(name, f"ok in {time.monotonic() - begun:.0f} s: {'; '.join(kept)}", ok=True)


def _tell(name: str, what: str, *, ok: bool = False) -> bool:
    sys.stdout.write(f"{name}: {what}\n")
    sys.stdout.flush()
    return ok
