"""`python -m support`: try the wheel beside each Airflow, on each Python, and on each PostgreSQL.

Prints a line for each cell of docs/support.md, and ends with 1 where one has failed. The Pythons are looked for on
PATH.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from dbops.gateways.programs import Program
from dbops.gateways.throwaway_server import ThrowawayServer
from demo.seaweed import SeaweedS3
from support.environments import AIRFLOWS, PYTHONS, Cell, NotInstalled
from support.postgres_servers import PACKAGED, fetch_postgres
from support.surroundings import fill, surroundings
from support.wheel import ROOT, build_wheel
from tests.servers import running_postgres, running_s3

SMOKE = ROOT / "support/smoke.py"


def main() -> int:
    """All of both, unless some are named."""
    asked = _arguments()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dbops-matrix-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        wheel = build_wheel(folder)
        with running_s3(folder / "s3") as store, running_postgres(folder / "postgres") as server:
            trial = _Trial(folder, wheel, store, server.bin_dir)
            for airflow in asked.airflow:
                for python in asked.python:
                    for bounds in asked.bounds:
                        server.create_database(database := f"shop_{secrets.token_hex(4)}")
                        failed += not trial.of_cell(Cell(airflow, python, bounds), server.url(database))
            if asked.postgres:
                failed += trial.of_postgres(asked.postgres)
    return bool(failed)


class _Trial:
    def __init__(self, folder: Path, wheel: Path, store: SeaweedS3, programs: Path) -> None:
        self._folder, self._wheel, self._store, self._programs = folder, wheel, store, programs

    def of_cell(self, cell: Cell, database: str) -> bool:
        """Install, try, remove."""
        environment = self._folder / "environment"
        try:
            return self._smoke(str(cell), cell.install(self._wheel, environment), database, self._programs)
        except NotInstalled as error:
            return _tell(str(cell), f"NOT INSTALLED: {error}")
        finally:
            shutil.rmtree(environment, ignore_errors=True)

    def of_postgres(self, majors: Iterable[int]) -> int:
        """In one environment; answers how many have failed. A server that comes with a pg_dump is dumped by that."""
        python, failed = f"{sys.version_info.major}.{sys.version_info.minor}", 0
        environment = self._folder / "environment"
        installed = Cell(AIRFLOWS[-1], python, "newest").install(self._wheel, environment)
        for major in majors:
            program = fetch_postgres(major, self._folder / f"postgres-{major}")
            programs = program.path.parent if program.sibling("pg_dump").exists() else self._programs
            with self._server(program) as database:
                failed += not self._smoke(f"PostgreSQL {program.version}", installed, database, programs)
        shutil.rmtree(environment)
        return failed

    @contextmanager
    def _server(self, program: Program) -> Iterator[str]:
        with ThrowawayServer(program, self._folder, "matrix") as server:
            address = server.address()
            url = f"postgresql://{address.user}@{quote(str(address.host), safe='')}:{address.port}"
            with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            yield f"{url}/shop"

    def _smoke(self, name: str, python: Path, database: str, programs: Path) -> bool:
        fill(database)
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self._folder))
        self._store.create_bucket(bucket := f"matrix-{secrets.token_hex(4)}")
        env = surroundings(home, database=database, store=self._store, bucket=bucket, programs=programs)
        begun = time.monotonic()
        done = subprocess.run([python, SMOKE], env=env, cwd="/", capture_output=True, text=True, check=False)
        kept = [line.removeprefix("KEPT ") for line in done.stdout.splitlines() if line.startswith("KEPT ")]
        if done.returncode:
            said = Path(tempfile.mkstemp(prefix="dbops-matrix-", suffix=".log")[1])
            said.write_text(done.stdout + done.stderr, encoding="utf-8")
            return _tell(name, f"FAILED after {kept}; all it said is in {said}")
        return _tell(name, f"ok in {time.monotonic() - begun:.0f} s: {'; '.join(kept)}", ok=True)


def _tell(name: str, what: str, *, ok: bool = False) -> bool:
    sys.stdout.write(f"{name}: {what}\n")
    sys.stdout.flush()
    return ok


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m support", description=__doc__)
    parser.add_argument("--airflow", nargs="*", choices=AIRFLOWS, default=AIRFLOWS)
    parser.add_argument("--python", nargs="*", choices=PYTHONS, default=PYTHONS)
    parser.add_argument("--bounds", nargs="*", choices=("newest", "oldest"), default=("newest", "oldest"))
    parser.add_argument("--postgres", nargs="*", type=int, choices=tuple(PACKAGED), default=tuple(PACKAGED))
    return parser.parse_args()


sys.exit(main())
