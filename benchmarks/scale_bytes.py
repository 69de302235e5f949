"""Memory and spool of a backup from 0.2 to 20 GB, with a cap that the spool must keep. See docs/scale.md."""

from __future__ import annotations

import shutil
import sys

import psycopg

from benchmarks.backup import MEMORY_CAP, SPOOL_CAP
from benchmarks.measured_run import run_measured
from benchmarks.results import MB, Bound, Table
from benchmarks.scale_points import Point, keep
from benchmarks.stage import STATE, Stage

SIZES = (0.2, 2.0, 8.0, 20.0)
BACKUP = "dbops backup, cap 64 MiB"
_TABLES = 4
_ROW, _ON_DISK = 1600, 2048  # bytes of a text, and of a row of it: four to a page
_FREE = 15e9  # bytes that must stay free on the disk, which is not ours alone
_DISK = 1.6  # of the database's size: the database, and its backup


def measure_bytes(place: Stage, _runs: int) -> Table:
    """Once each; a size for which the disk has no room is left out, and said."""
    points: list[Point] = []
    for gigabytes in SIZES:
        if shutil.disk_usage(STATE).free - gigabytes * 1e9 * _DISK < _FREE:
            print(f"  {gigabytes:g} GB are left out: the disk has no room for them", file=sys.stderr)
            continue
        name = _made(place, gigabytes)
        size = place.size(name)
        try:
            with place.bucket() as bucket:
                include = place.target(bucket, jobs=2, spool_cap=SPOOL_CAP)
                environment = {**place.environment(name), "DBOPS_INCLUDE": str(include)}
                command = [sys.executable, "-m", "dbops", "backup", "bench", "--json"]
                run = run_measured(command, environment, place.spool)
                stored = place.stored(bucket)
        finally:
            place.server.drop_database(name)
        points.append(Point.of(BACKUP, round(size / 1e9, 1), [run], stored_megabytes=round(stored / MB)))
        print(f"  {points[-1].row()}", file=sys.stderr)
        keep("bytes", points)
    bounds = [
        Bound("MB of spool, largest", max(point.spool for point in points) / MB, SPOOL_CAP / MB, at_least=False),
        Bound("MB resident, largest", max(point.resident for point in points) / MB, MEMORY_CAP / MB, at_least=False),
    ]
    return keep("bytes", points, bounds)


def _made(place: Stage, gigabytes: float) -> str:
    """A database of a few tables of one size, whose texts zstd halves; unlogged, which is quicker and dumped alike."""
    name = "bytes"
    place.server.drop_database(name)
    place.server.create_database(name)
    rows = int(gigabytes * 1e9 / _TABLES / _ON_DISK)
    with psycopg.connect(place.server.url(name), autocommit=True) as connection:
        # More of them than zstd looks back at, in turn: no row is written as a reference to an earlier one.
        connection.execute("CREATE TABLE texts (number int PRIMARY KEY, text text)")
        connection.execute(
            "INSERT INTO texts SELECT t, string_agg(md5(t || '-' || n), '') "
            "FROM generate_series(0, 1999) t, generate_series(1, %s) n GROUP BY t",
            [_ROW // 32],
        )
        connection.execute("ANALYZE texts")
        for number in range(_TABLES):
            connection.execute(f"CREATE UNLOGGED TABLE t{number} (id bigint, text text)".encode())
            connection.execute(
                f"INSERT INTO t{number} SELECT g, (SELECT text FROM texts WHERE number = g % 2000) "  # noqa: S608
                f"FROM generate_series(1, {rows}) g".encode()
            )
    place.settle()
    return name
