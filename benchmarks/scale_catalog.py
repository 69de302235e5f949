"""Thousands of backups of one target: what it costs to list, expire, watch and show them. See docs/scale.md."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measured_run import run_measured
from benchmarks.results import Bound, Table
from benchmarks.scale_points import Point, keep
from benchmarks.stage import Stage
from dbops.domain.backups.backup import BackupId, BackupManifest, FileEntry, TableEntry
from dbops.domain.backups.layout import Layout
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.s3 import S3Bucket
from dbops.jobs.views.see_target import see_target

SIZES = (40, 1000, 5000)  # 40 is what the default retention keeps
LISTING, WITHOUT_INDEX, EXPIRE, WATCH, VIEW = (
    "dbops backups",
    "dbops backups, no index yet",
    "dbops expire --dry-run",
    "dbops watch",
    "target view of the page",
)
_TABLES = ("User", "Summary", "ShareLink", "UsageEvent", "Category", "Tag", "Progress")
_EVERY = timedelta(hours=1)
_READS_ALL = {WITHOUT_INDEX, WATCH, EXPIRE}  # half a minute each: once, for their CPU seconds hardly differ
_VERBS = {
    WITHOUT_INDEX: ("backups", "bench"),
    WATCH: ("watch",),  # leaves an index behind
    LISTING: ("backups", "bench"),
    EXPIRE: ("expire", "bench", "--dry-run"),
}


def measure_catalog(place: Stage, runs: int) -> Table:
    """Each verb in a process of its own, at three sizes; the policy keeps all backups."""
    points: list[Point] = []
    for size in SIZES:
        with place.bucket() as name, place.opened(name) as bucket:
            include = _policy_that_keeps(place.target(name), size)
            environment = {**place.environment("postgres"), "DBOPS_INCLUDE": str(include)}
            _fill(bucket, size, datetime.now(UTC).replace(microsecond=0))
            for what, verb in _VERBS.items():
                command = [sys.executable, "-m", "dbops", *verb, "--json"]
                # 1: the verdict is not ok, as that of a watch over a target that was never drilled
                times = 1 if what in _READS_ALL else runs
                measured = [run_measured(command, environment, place.spool, well=(0, 1)) for _ in range(times)]
                points.append(Point.of(what, size, measured))
                print(f"  {points[-1].row()}", file=sys.stderr)
            points.append(_view(include, bucket, size, runs))
    listing = next(point for point in points if (point.what, point.size) == (LISTING, SIZES[-1]))
    bound = Bound(f"seconds to list {SIZES[-1]} backups", listing.seconds, 2.0, at_least=False)
    return keep("catalog", points, [bound])


def _policy_that_keeps(include: Path, backups: int) -> Path:
    file = include / "targets/bench.yaml"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "retention": {"last": backups}}))
    return include


def _fill(bucket: S3Bucket, backups: int, newest: datetime) -> None:
    """One backup an hour, each with a small file and the manifest of a database of seven tables."""
    layout = Layout("bench/")

    def put(number: int) -> None:
        manifest = _manifest(newest - number * _EVERY)
        bucket.put(f"{layout.folder(manifest.backup_id)}toc.dat", b"x" * 100)
        bucket.put(layout.manifest(manifest.backup_id), manifest.to_json())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(backups)))


def _manifest(started: datetime) -> BackupManifest:
    names = ("toc.dat", "globals.sql", *(f"{3500 + number}.dat.zst" for number in range(len(_TABLES))))
    return BackupManifest(
        target="bench",
        backup_id=BackupId.at(started),
        started=started,
        finished=started + timedelta(seconds=40),
        server_version="17.10",
        pg_dump_version="17.10",
        pg_dump_options=("--format=directory", "--jobs=2", "--compress=zstd:1", "--lock-wait-timeout=60000"),
        database="summary_app",
        database_bytes=2_400_000_000,
        files=tuple(FileEntry(name, 100_000_000, "5" * 64) for name in names),
        tables=tuple(TableEntry("public", name, 1000, 100_000_000) for name in _TABLES),
        extensions=("plpgsql 1.0", "pg_trgm 1.6"),
        tool_version="0.1.0",
        lsn="0/1A2B3C4D",
    )


def _view(include: Path, bucket: S3Bucket, size: int, runs: int) -> Point:
    """In this process, as in Airflow's API server, which has imported everything already."""
    target = read_targets(include).target("bench")
    seconds, cpu = [], []
    for _ in range(runs + 1):  # the first one opens connections
        began, used = time.monotonic(), time.process_time()
        see_target(target, lambda _: bucket, {}, clock=lambda: datetime.now(UTC), within=timedelta(minutes=1))
        seconds.append(time.monotonic() - began)
        cpu.append(time.process_time() - used)
    point = Point(VIEW, size, round(sorted(seconds[1:])[runs // 2], 3), round(sorted(cpu[1:])[runs // 2], 3), 0)
    print(f"  {point.row()}", file=sys.stderr)
    return point
