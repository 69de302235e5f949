"""The reported latency of a probe beside what pgbench measures of the same, interleaved. See benchmarks/README.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results import Bound, Table
from benchmarks.stage import Stage
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Probe, Statement
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing import measure
from dbops.gateways.processes.programs import find_program

QUERY = "SELECT 1"
SAMPLES = 2000  # of each in a round
HEADER = f"{'way':26} {'median ms':>9}  p50 of each round"
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

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self) | {"median": self.median}

    def row(self) -> str:
        """One line of the table."""
        return f"{self.way:26} {self.median:9.3f}  {' '.join(f'{p50:.3f}' for p50 in self.p50s)}"


def by_probe(address: DatabaseAddress) -> tuple[float, float]:
    """The p50 that a run reports of ``SELECT 1``, and of the round trip."""
    probe = Probe(name="one", title="one", model="one", budget_ms=1.0, statements=(Statement(QUERY),), samples=SAMPLES)
    found = measure(address, [probe], ProbeOptions())
    latency = found.of("one").latency
    if latency is None or latency.count != SAMPLES:
        raise SystemExit(f"The probe did not succeed {SAMPLES} times: {found.of('one').error or found.notes}")
    return latency.p50, found.round_trip.p50


def by_pgbench(pgbench: Path, address: DatabaseAddress) -> float:
    """The median of what pgbench logs of each transaction."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "one.sql"
        script.write_text(f"{QUERY};\n", "utf-8")
        ran = subprocess.run(
            [str(pgbench), "-n", "-M", "simple", "-c", "1", "-j", "1", "-t", str(SAMPLES), "-f", str(script), "-l"],
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


def measure_probes(place: Stage, runs: int) -> Table:
    """Both in turn, after one round that is not counted."""
    address = DatabaseAddress.from_url(place.server.url())
    pgbench = find_program("pgbench", place.server.bin_dir, at_least=1, why="the benchmark compares with it").path
    p50s: dict[str, list[float]] = {PROBE: [], PGBENCH: [], EMPTY: []}
    for number in range(runs + 1):
        probe, empty = by_probe(address)
        peer = by_pgbench(pgbench, address)
        print(f"  round {number}: {probe:.3f} ms, pgbench {peer:.3f} ms", file=sys.stderr)
        if number:
            for way, p50 in ((PROBE, probe), (PGBENCH, peer), (EMPTY, empty)):
                p50s[way].append(p50)
    above = [probe - peer for probe, peer in zip(p50s[PROBE], p50s[PGBENCH], strict=True)]
    bounds = [
        Bound("milliseconds above pgbench, median of the rounds", median(above), 0.15, at_least=False),
        Bound("milliseconds above pgbench, worst round", max(above), 0.15, at_least=False),
    ]
    return Table(HEADER, [Result(way, tuple(found)) for way, found in p50s.items()], bounds)
