"""The backup beside the usual script, interleaved on one machine: time, memory, disk. See benchmarks/README.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks.measured_run import MeasuredRun, run_measured
from benchmarks.stage import REPOSITORY, Stage, remove_state, stage

SMALL, LARGE, HUGE = 4, 45, 90  # scales of the sample: about 0.2, 2.2 and 4.4 GB on disk
RELAY_MB_PER_SECOND = 40
SPOOL_CAP = 64 * 1024**2
MEMORY_CAP = 200e6
_MB = 1e6

GZIP, ZSTD, OURS = "pg_dump -Fc | aws s3 cp", "pg_dump -Fc -Z zstd:1 | aws s3 cp", "dbops backup"


@dataclass(frozen=True)
class Result:
    """The runs of one way to make a backup of one database over one line; ``stored`` are the objects' bytes."""

    way: str
    line: str
    database_bytes: int
    runs: tuple[MeasuredRun, ...]
    stored: int

    @property
    def seconds(self) -> float:
        """The median."""
        return median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median of what the client's side used."""
        return median(run.cpu_seconds for run in self.runs)

    @property
    def resident(self) -> int:
        """The peak of all runs."""
        return max(run.resident for run in self.runs)

    @property
    def spool(self) -> int:
        """The peak of all runs."""
        return max(run.spool for run in self.runs)

    def row(self) -> str:
        """One line of the table."""
        numbers = f"{self.database_bytes / 1e9:6.2f} {self.seconds:8.1f} {self.cpu_seconds:7.1f}"
        peaks = f"{self.resident / _MB:7.0f} {self.spool / _MB:8.0f} {self.stored / _MB:9.0f}"
        return f"{self.way:36} {self.line:12} {numbers} {peaks}  {' '.join(f'{run.seconds:.1f}' for run in self.runs)}"


HEADER = (
    f"{'way':36} {'line':12} {'GB':>6} {'median s':>8} {'CPU s':>7} {'RSS MB':>7} {'spool MB':>8} {'stored MB':>9}  "
    "runs"
)


@dataclass(frozen=True)
class Bound:
    """Something that must hold, and what was measured."""

    sentence: str
    measured: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def row(self) -> str:
        """One line."""
        sign = ">=" if self.at_least else "<="
        verdict = "met    " if self.met else "NOT MET"
        return f"{verdict}  {self.sentence}: {self.measured:.2f}, must be {sign} {self.limit:.2f}"


Way = Callable[[str], tuple[Sequence[str], dict[str, str]]]


class Benchmark:
    """Runs ways beside each other on one stage."""

    def __init__(self, place: Stage, runs: int) -> None:
        self._stage, self._runs = place, runs

    def beside_each_other(self, scale: float, line: str, ways: dict[str, Way], runs: int | None = None) -> list[Result]:
        """Run every way in turn, as often as asked for, each into a bucket of its own."""
        size = self._stage.size(self._stage.sample(scale))
        measured: dict[str, list[MeasuredRun]] = {way: [] for way in ways}
        stored: dict[str, int] = {}
        for number in range(runs or self._runs):
            for name, way in ways.items():
                with self._stage.bucket() as bucket:
                    command, environment = way(bucket)
                    run = run_measured(command, environment, self._stage.spool)
                    stored[name] = self._stage.stored(bucket)
                measured[name].append(run)
                print(f"  {name}, {line}, {size / 1e9:.1f} GB, run {number + 1}: {run.seconds:.1f} s", file=sys.stderr)
        return [Result(name, line, size, tuple(each), stored[name]) for name, each in measured.items()]

    def script(self, database: str, options: str, port: int | None = None) -> Way:
        """The usual script: pg_dump piped into aws."""

        def way(bucket: str) -> tuple[Sequence[str], dict[str, str]]:
            pipe = f"set -o pipefail; pg_dump -Fc {options} | aws s3 cp --only-show-errors - s3://{bucket}/backup.dump"
            return ["bash", "-c", pipe], self._stage.environment(database, port)

        return way

    def ours(self, database: str, port: int | None = None, **backup: object) -> Way:
        """`python -m dbops backup`."""

        def way(bucket: str) -> tuple[Sequence[str], dict[str, str]]:
            include = self._stage.target(bucket, **backup)
            environment = {**self._stage.environment(database, port), "DBOPS_INCLUDE": str(include)}
            return [sys.executable, "-m", "dbops", "backup", "bench", "--json"], environment

        return way


@contextmanager
def relay(port: int) -> Iterator[int]:
    """A relay in a process of its own, in front of that port; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.relay", f"127.0.0.1:{port}", "--mb-per-second", str(RELAY_MB_PER_SECOND)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - asked for
    assert process.stdout is not None  # noqa: S101 - asked for
    with process:
        try:
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.stdin.close()
            process.wait()


def measure_local(benchmark: Benchmark, place: Stage) -> tuple[list[Result], list[Bound]]:
    """Client, server and store on one machine."""
    name = place.sample(LARGE)
    gzip, zstd, ours = benchmark.beside_each_other(
        LARGE,
        "local",
        {
            GZIP: benchmark.script(name, ""),
            ZSTD: benchmark.script(name, "-Z zstd:1"),
            OURS: benchmark.ours(name, jobs=2),
        },
    )
    return [gzip, zstd, ours], [
        Bound("times faster than the usual script with gzip", gzip.seconds / ours.seconds, 2.5, at_least=True),
        Bound("times as fast as the same script with zstd:1", zstd.seconds / ours.seconds, 1.0, at_least=True),
        Bound("MB resident on the client's side", ours.resident / _MB, MEMORY_CAP / _MB, at_least=False),
    ]


def measure_relay(benchmark: Benchmark, place: Stage) -> tuple[list[Result], list[Bound]]:
    """A relay that limits each connection between client and database server."""
    name = place.sample(LARGE)
    with relay(place.server.port) as port:
        zstd, ours = benchmark.beside_each_other(
            LARGE,
            f"{RELAY_MB_PER_SECOND} MB/s each",
            {ZSTD: benchmark.script(name, "-Z zstd:1", port), OURS: benchmark.ours(name, port, jobs=4)},
        )
    return [zstd, ours], [
        Bound("times as fast as the script with zstd:1, by relay", zstd.seconds / ours.seconds, 1.15, at_least=True),
        Bound(
            "MB resident on the client's side, by relay, 4 jobs", ours.resident / _MB, MEMORY_CAP / _MB, at_least=False
        ),
    ]


def measure_sizes(benchmark: Benchmark, place: Stage) -> tuple[list[Result], list[Bound]]:
    """Memory and spool at three sizes, with a small cap."""
    results, bounds = [], []
    for scale in (SMALL, LARGE, HUGE):
        way = {f"{OURS}, cap 64 MiB": benchmark.ours(place.sample(scale), jobs=2, spool_cap=SPOOL_CAP)}
        (result,) = benchmark.beside_each_other(scale, "local", way, runs=1)
        size = f"{result.database_bytes / 1e9:.1f} GB"
        results.append(result)
        bounds += [
            Bound(f"MB of spool at {size}", result.spool / _MB, SPOOL_CAP / _MB, at_least=False),
            Bound(f"MB resident at {size}", result.resident / _MB, MEMORY_CAP / _MB, at_least=False),
        ]
    return results, bounds


PARTS = {"local": measure_local, "relay": measure_relay, "sizes": measure_sizes}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say which of the required bounds are met; the exit status says nothing about them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backup", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each way, interleaved (default: 3)")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--clean", action="store_true", help="delete the sample databases that are kept, and end")
    asked = parser.parse_args(arguments)
    if asked.clean:
        remove_state()
        return 0
    results: list[Result] = []
    bounds: list[Bound] = []
    with stage() as place:
        for name, measure in PARTS.items():
            if asked.only in {None, name}:
                more_results, more_bounds = measure(Benchmark(place, asked.runs), place)
                results += more_results
                bounds += more_bounds
    if asked.json:
        document = {
            "results": [asdict(result) | {"seconds": result.seconds} for result in results],
            "bounds": [asdict(bound) | {"met": bound.met} for bound in bounds],
        }
        print(json.dumps(document, indent=1))
    else:
        print("\n".join([HEADER, *(result.row() for result in results), "", *(bound.row() for bound in bounds)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
