"""The reported latency of a probe beside what pgbench measures of the same, interleaved. See benchmarks/README.md."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.results import Bound
from dbops.domain.connection import DatabaseAddress
from dbops.domain.probes import Probe, Statement
from dbops.domain.target import ProbeOptions
from dbops.gateways.probing import measure as measure_probes
from dbops.gateways.programs import find_program
from tests.servers import running_postgres

QUERY = "SELECT 1"
PROBE, PGBENCH, EMPTY = "dbops probe", "pgbench -M simple -c 1", "dbops probe, round trip"
_TIME = 2  # the column of pgbench's log that has microseconds, or "failed"


@dataclass(frozen=True)
class Result:
    """The p50 of each round of one way, in milliseconds."""

    way: str
    p50s: tuple[float, ...]

    @property
    def median(self) -> float:
        """Of the rounds."""
        return median(self.p50s)

    def row(self) -> str:
        """One line of the table."""
        return f"{self.way:26} {self.median:9.3f}  {' '.join(f'{p50:.3f}' for p50 in self.p50s)}"


def by_probe(address: DatabaseAddress, samples: int) -> tuple[float, float]:
    """The p50 that a run reports of ``SELECT 1``, and of the round trip."""
    probe = Probe(name="one", title="one", model="one", budget_ms=1.0, statements=(Statement(QUERY),), samples=samples)
    found = measure_probes(address, [probe], ProbeOptions())
    latency = found.of("one").latency
    if latency is None or latency.count != samples:
        raise SystemExit(f"The probe did not succeed {samples} times: {found.of('one').error or found.notes}")
    return latency.p50, found.round_trip.p50


def by_pgbench(pgbench: Path, address: DatabaseAddress, samples: int) -> float:
    """The median of what pgbench logs of each transaction."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "one.sql"
        script.write_text(f"{QUERY};\n", "utf-8")
        ran = subprocess.run(
            [str(pgbench), "-n", "-M", "simple", "-c", "1", "-j", "1", "-t", str(samples), "-f", str(script), "-l"],
            cwd=folder,
            env={**os.environ, **address.libpq_environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise SystemExit(f"pgbench failed: {ran.stderr.strip()}")
        lines = [line.split() for log in Path(folder).glob("pgbench_log.*") for line in log.read_text().splitlines()]
    return median(int(line[_TIME]) for line in lines if line[_TIME] != "failed") / 1000


@contextlib.contextmanager
def server() -> Iterator[tuple[DatabaseAddress, Path]]:
    """A server of its own and pgbench, found as every other program is."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server may run as another user
        with running_postgres(Path(folder) / "server") as postgres:
            pgbench = find_program("pgbench", postgres.bin_dir, at_least=1, why="the benchmark compares with it").path
            yield DatabaseAddress.from_url(postgres.url()), pgbench


def measure(rounds: int, samples: int) -> tuple[list[Result], list[Bound]]:
    """Both in turn, after one round that is not counted."""
    p50s: dict[str, list[float]] = {PROBE: [], PGBENCH: [], EMPTY: []}
    with server() as (address, pgbench):
        for number in range(rounds + 1):
            probe, empty = by_probe(address, samples)
            peer = by_pgbench(pgbench, address, samples)
            print(f"  round {number}: {probe:.3f} ms, pgbench {peer:.3f} ms", file=sys.stderr)
            if number:
                for way, p50 in ((PROBE, probe), (PGBENCH, peer), (EMPTY, empty)):
                    p50s[way].append(p50)
    results = [Result(way, tuple(found)) for way, found in p50s.items()]
    above = [probe - peer for probe, peer in zip(p50s[PROBE], p50s[PGBENCH], strict=True)]
    return results, [
        Bound("milliseconds above pgbench, median of the rounds", median(above), 0.15, at_least=False),
        Bound("milliseconds above pgbench, worst round", max(above), 0.15, at_least=False),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say which of the required bounds are met; the exit status says nothing about them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probes", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="rounds, of both in turn (default: 9)")
    parser.add_argument("--samples", type=int, default=2000, help="of each in a round (default: 2000)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    asked = parser.parse_args(arguments)
    results, bounds = measure(asked.runs, asked.samples)
    if asked.json:
        document = {
            "results": [asdict(result) | {"median": result.median} for result in results],
            "bounds": [asdict(bound) | {"met": bound.met} for bound in bounds],
        }
        print(json.dumps(document, indent=1))
    else:
        header = f"{'way':26} {'median ms':>9}  p50 of each round"
        print("\n".join([header, *(result.row() for result in results), "", *(bound.row() for bound in bounds)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
