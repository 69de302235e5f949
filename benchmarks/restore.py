"""The restore beside the two usual ways, interleaved on one server: time, memory, disk. See benchmarks/README.md."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.measured_run import MeasuredRun, run_measured
from benchmarks.results import HEADER, MB, Bound, Result, Table
from benchmarks.stage import STATE, Stage

SCALE = 45  # of the sample: about 2.4 GB on disk
JOBS = 2
DISK_CAP = 100e6

STREAMED, FETCHED, OURS = "aws s3 cp - | pg_restore", f"aws s3 cp --recursive, pg_restore -j{JOBS}", "dbops restore"
LOAD, ANALYZE, VERIFY = (f"{OURS}: {part}" for part in ("load", "analyze", "verify"))
_BESIDE = "restored"


def measure_restore(place: Stage, runs: int) -> Table:
    """One backup, restored in three ways in turn; what was restored is dropped before the next begins."""
    database = place.sample(SCALE)
    size = place.size(database)
    with ExitStack() as stack:
        bucket = stack.enter_context(place.bucket())
        restores = _Restores(place, bucket, database)
        stored = restores.make_backups()
        ways: dict[str, Callable[[], dict[str, MeasuredRun]]] = {
            STREAMED: restores.streamed,
            FETCHED: restores.fetched,
            OURS: restores.ours,
        }
        measured: dict[str, list[MeasuredRun]] = {}
        for number in range(runs):
            for name, way in ways.items():
                for part, run in way().items():
                    measured.setdefault(part, []).append(run)
                seconds = measured[name][-1].seconds
                print(f"  {name}, {size / 1e9:.1f} GB, run {number + 1}: {seconds:.1f} s", file=sys.stderr)
    results = {
        name: Result(name, "local", size, tuple(of_way), stored[STREAMED if name == STREAMED else OURS])
        for name, of_way in measured.items()
    }
    return Table(HEADER, list(results.values()), _bounds(results))


def _bounds(results: Mapping[str, Result]) -> list[Bound]:
    load, whole = results[LOAD], results[OURS]
    proof = median(
        100 * (analyze.seconds + verify.seconds) / load.seconds
        for load, analyze, verify in zip(*(results[part].runs for part in (LOAD, ANALYZE, VERIFY)), strict=True)
    )
    return [
        Bound(f"times as fast as {STREAMED}", results[STREAMED].seconds / load.seconds, 1.3, at_least=True),
        Bound(f"times as fast as {FETCHED}", results[FETCHED].seconds / load.seconds, 1.0, at_least=True),
        Bound("MB of local disk for a restore", whole.spool / MB, DISK_CAP / MB, at_least=False),
        Bound("% of the load that analyze and verify add", proof, 20, at_least=False),
    ]


@dataclass(frozen=True)
class _Restores:
    """Restores one backup of ``database`` out of ``bucket``, each time into a database of its own."""

    place: Stage
    bucket: str
    database: str

    def make_backups(self) -> dict[str, int]:
        """Put the script's archive and ours into the bucket; the bytes of each."""
        environment = self.place.environment(self.database)
        dump = f"set -o pipefail; pg_dump -Fc -Z zstd:1 | aws s3 cp --only-show-errors - s3://{self.bucket}/backup.dump"
        run_measured(["bash", "-c", dump], environment, self.place.spool)
        theirs = self.place.stored(self.bucket)
        run_measured(
            [sys.executable, "-m", "dbops", "backup", "bench", "--json"], self._environment(), self.place.spool
        )
        return {STREAMED: theirs, OURS: self.place.stored(self.bucket) - theirs}

    def streamed(self) -> dict[str, MeasuredRun]:
        """One stream into one pg_restore."""
        pipe = (
            f"set -o pipefail; aws s3 cp --only-show-errors s3://{self.bucket}/backup.dump - | pg_restore -d {_BESIDE}"
        )
        return {STREAMED: self._beside(pipe)}

    def fetched(self) -> dict[str, MeasuredRun]:
        """Everything onto the local disk, and from there by several connections; the disk is emptied on the clock."""
        script = (
            f"set -e; aws s3 cp --recursive --only-show-errors s3://{self.bucket}/bench/backups/ $TMPDIR/fetched; "
            f"pg_restore -j{JOBS} -d {_BESIDE} $TMPDIR/fetched/*; rm -r $TMPDIR/fetched"
        )
        return {FETCHED: self._beside(script)}

    def ours(self) -> dict[str, MeasuredRun]:
        """`python -m dbops restore`, and the parts that its report tells of; the rest is the start, and planning."""
        report = self.place.spool.parent / "report.json"
        command = f"{sys.executable} -m dbops restore bench --json > {report} || {{ cat {report} >&2; exit 1; }}"
        whole = self._run(command, self._environment())
        record: dict[str, Any] = json.loads(report.read_bytes())["record"]
        self.place.server.drop_database(record["database"])
        analyze, verify = record["analyze_seconds"], record["verification"]["verify_seconds"]
        return {
            OURS: whole,
            LOAD: _part(whole, record["load_seconds"]),
            ANALYZE: _part(whole, analyze),
            VERIFY: _part(whole, verify),
        }

    def _environment(self) -> dict[str, str]:
        include = self.place.target(self.bucket, jobs=JOBS)
        return {**self.place.environment(self.database), "DBOPS_INCLUDE": str(include)}

    def _beside(self, script: str) -> MeasuredRun:
        self.place.server.create_database(_BESIDE)
        try:
            return self._run(script, self.place.environment(_BESIDE))
        finally:
            self.place.server.drop_database(_BESIDE)

    def _run(self, script: str, environment: Mapping[str, str]) -> MeasuredRun:
        local = STATE / "local"
        shutil.rmtree(local, ignore_errors=True)
        local.mkdir()
        self.place.settle()
        return run_measured(["bash", "-c", script], {**environment, "TMPDIR": str(local)}, local)


def _part(whole: MeasuredRun, seconds: float) -> MeasuredRun:
    return replace(whole, seconds=seconds)
