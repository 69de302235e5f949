"""Thousands of small tables in one database: what each job takes beside plain pg_dump. See docs/scale.md."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import psycopg

from benchmarks.measured_run import RunFailed, run_measured
from benchmarks.results import Table
from benchmarks.scale_points import Point, keep
from benchmarks.stage import STATE, Stage

SIZES = (1000, 10_000)
PG_DUMP, BACKUP, BASELINE, CHECK, RESTORE = (
    "pg_dump -Fd -j2 onto the disk",
    "dbops backup",
    "dbops baseline",
    "dbops check",
    "dbops restore",
)
_IN_A_TRANSACTION = 500  # tables made at once: each takes locks
_ROWS = 10


def measure_tables(place: Stage, _runs: int) -> Table:
    """Once each: CPU seconds of the client's side, and peak memory of its whole process tree."""
    points: list[Point] = []
    for size in SIZES:
        name = _made(place, size)
        try:
            with place.bucket() as bucket:
                points += _jobs(place, name, bucket, size)
        finally:
            place.server.drop_database(name)
        keep("tables", points)
    return keep("tables", points)


def _jobs(place: Stage, name: str, bucket: str, size: int) -> list[Point]:
    include = place.target(bucket, jobs=2)
    shutil.rmtree(include / "expectations", ignore_errors=True)
    environment = {**place.environment(name), "DBOPS_INCLUDE": str(include)}
    folder = STATE / "local"
    dump = f"pg_dump -Fd -j2 --compress=zstd:1 -f {folder} {name}"
    dbops = [sys.executable, "-m", "dbops"]
    commands: dict[str, Sequence[str]] = {
        PG_DUMP: ["bash", "-c", f"rm -rf {folder} && {dump} && rm -rf {folder}"],
        BACKUP: [*dbops, "backup", "bench", "--json"],
        BASELINE: [*dbops, "baseline", "bench", "--json"],
        CHECK: [*dbops, "check", "bench", "--json"],
        RESTORE: [*dbops, "restore", "bench", "--json"],
    }
    points = []
    for what, command in commands.items():
        try:
            run = run_measured(command, environment, place.spool, well=(0, 1))
        except RunFailed as failed:
            print(f"  {what}, {size} tables: {failed}", file=sys.stderr)
            continue
        more = {}
        if what == BACKUP:
            [manifest] = [key for key in _sizes(place, bucket) if key.endswith("/manifest.json")]
            more = {"objects": len(_sizes(place, bucket)), "manifest_kilobytes": _sizes(place, bucket)[manifest] / 1000}
        points.append(Point.of(what, size, [run], **more))
        print(f"  {points[-1].row()}", file=sys.stderr)
        keep("tables", points)
    return points


def _sizes(place: Stage, bucket: str) -> dict[str, int]:
    client = place.store.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}
    client.close()
    return found


def _made(place: Stage, tables: int) -> str:
    name = "tables"
    place.server.drop_database(name)
    place.server.create_database(name)
    with psycopg.connect(place.server.url(name), autocommit=True) as connection:
        for first in range(0, tables, _IN_A_TRANSACTION):
            last = min(first + _IN_A_TRANSACTION, tables) - 1
            connection.execute(
                f"""DO $$ DECLARE name text; BEGIN FOR i IN {first}..{last} LOOP name := to_char(i, 'FM"t"00000');
                EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, name text NOT NULL, at timestamptz)', name);
                EXECUTE format('INSERT INTO %I SELECT g, md5(g::text), now() FROM generate_series(1, {_ROWS}) g', name);
                END LOOP; END $$""".encode()  # noqa: S608 - numbers
            )
        connection.execute("ANALYZE")
    return name
