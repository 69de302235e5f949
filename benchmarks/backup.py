"""The backup beside the usual script, interleaved on one machine: time, memory, disk. See benchmarks/README.md."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from benchmarks.measured_run import MeasuredRun, run_measured
from benchmarks.results import HEADER, MB, Bound, Result, Table
from benchmarks.stage import REPOSITORY, Stage

SMALL, LARGE, HUGE = 4, 45, 90  # scales of the sample: about 0.2, 2.2 and 4.4 GB on disk
RELAYMB_PER_SECOND = 40
SPOOL_CAP = 64 * 1024**2
MEMORY_CAP = 200e6

GZIP, ZSTD, OURS = "pg_dump -Fc | aws s3 cp", "pg_dump -Fc -Z zstd:1 | aws s3 cp", "dbops backup"


Way = Callable[[str], tuple[Sequence[str], dict[str, str]]]


class Benchmark:
    """Runs ways beside each other on one stage."""

    def __init__(self, place: Stage, runs: int) -> None:
        self._stage, self._runs = place, runs

    def beside_each_other(self, scale: float, line: str, ways: dict[str, Way]) -> list[Result]:
        """Run every way in turn, as often as asked for, each into a bucket of its own."""
        size = self._stage.size(self._stage.sample(scale))
        measured: dict[str, list[MeasuredRun]] = {way: [] for way in ways}
        stored: dict[str, int] = {}
        for number in range(self._runs):
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

    def ours(self, database: str, port: int | None = None, recipients: Sequence[str] = (), **backup: object) -> Way:
        """`python -m dbops backup`, encrypted for the ``recipients``."""

        def way(bucket: str) -> tuple[Sequence[str], dict[str, str]]:
            include = self._stage.target(bucket, recipients, **backup)
            environment = {**self._stage.environment(database, port), "DBOPS_INCLUDE": str(include)}
            return [sys.executable, "-m", "dbops", "backup", "bench", "--json"], environment

        return way


@contextmanager
def relay(port: int) -> Iterator[int]:
    """A relay in a process of its own, in front of that port; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.relay", f"127.0.0.1:{port}", "--mb-per-second", str(RELAYMB_PER_SECOND)],
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


def measure_local(place: Stage, runs: int) -> Table:
    """Client, server and store on one machine."""
    name, benchmark = place.sample(LARGE), Benchmark(place, runs)
    gzip, zstd, ours = benchmark.beside_each_other(
        LARGE,
        "local",
        {
            GZIP: benchmark.script(name, ""),
            ZSTD: benchmark.script(name, "-Z zstd:1"),
            OURS: benchmark.ours(name, jobs=2),
        },
    )
    bounds = [
        Bound("times faster than the usual script with gzip", gzip.seconds / ours.seconds, 2.5, at_least=True),
        Bound("times as fast as the same script with zstd:1", zstd.seconds / ours.seconds, 1.0, at_least=True),
        Bound("MB resident on the client's side", ours.resident / MB, MEMORY_CAP / MB, at_least=False),
    ]
    return Table(HEADER, [gzip, zstd, ours], bounds)


def measure_relay(place: Stage, runs: int) -> Table:
    """A relay that limits each connection between client and database server."""
    name, benchmark = place.sample(LARGE), Benchmark(place, runs)
    with relay(place.server.port) as port:
        zstd, ours = benchmark.beside_each_other(
            LARGE,
            f"{RELAYMB_PER_SECOND} MB/s each",
            {ZSTD: benchmark.script(name, "-Z zstd:1", port), OURS: benchmark.ours(name, port, jobs=4)},
        )
    bounds = [
        Bound("times as fast as the script with zstd:1, by relay", zstd.seconds / ours.seconds, 1.15, at_least=True),
        Bound(
            "MB resident on the client's side, by relay, 4 jobs", ours.resident / MB, MEMORY_CAP / MB, at_least=False
        ),
    ]
    return Table(HEADER, [zstd, ours], bounds)


def measure_sizes(place: Stage, _runs: int) -> Table:
    """Memory and spool at three sizes, with a small cap; once each."""
    results, bounds, benchmark = [], [], Benchmark(place, 1)
    for scale in (SMALL, LARGE, HUGE):
        way = {f"{OURS}, cap 64 MiB": benchmark.ours(place.sample(scale), jobs=2, spool_cap=SPOOL_CAP)}
        (result,) = benchmark.beside_each_other(scale, "local", way)
        size = f"{result.database_bytes / 1e9:.1f} GB"
        results.append(result)
        bounds += [
            Bound(f"MB of spool at {size}", result.spool / MB, SPOOL_CAP / MB, at_least=False),
            Bound(f"MB resident at {size}", result.resident / MB, MEMORY_CAP / MB, at_least=False),
        ]
    return Table(HEADER, results, bounds)
