"""Hundreds of targets in one Airflow: what parsing costs, and one round of the scheduler. See docs/scale.md."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks.results import Table
from benchmarks.run_in_airflow import run_in_airflow
from benchmarks.scale_points import Point, keep
from benchmarks.stage import REPOSITORY, STATE, Stage

SIZES = (30, 100, 300, 1000)
FILE, ALL_FILES, KEPT, SYNC, IDLE, CROWD = (
    "parse the slowest file",
    "parse all eight files",
    "serialize all DAGs",
    "write all DAGs, unchanged",
    "round of the scheduler, nothing due",
    "start a backup of every target",
)


def measure_targets(place: Stage, _runs: int) -> Table:
    """CPU seconds beyond importing Airflow and our packages, which each process of the dag-processor does once."""
    place.server.drop_database("airflow")
    place.server.create_database("airflow")
    metadata = place.server.url("airflow")
    points: list[Point] = []
    for size in SIZES:
        include = include_of(size)
        points += _parsing(size, run_in_airflow("benchmarks.scale_parsing", include, metadata))
        points += _rounds(size, run_in_airflow("benchmarks.scale_rounds", include, metadata))
        for point in points[-6:]:
            print(f"  {point.row()}", file=sys.stderr)
        keep("targets", points)
    place.server.drop_database("airflow")
    return keep("targets", points)


def _parsing(size: int, found: dict[str, Any]) -> list[Point]:
    files, peak = found["files"], found["peak"]
    slowest = max(files.values(), key=lambda one: one["cpu"])
    every = {name: round(one["cpu"], 3) for name, one in files.items()}
    wall, cpu = (sum(one[key] for one in files.values()) for key in ("seconds", "cpu"))
    return [
        Point(FILE, size, slowest["seconds"], slowest["cpu"], peak, more={"DAGs": found["dags"]}),
        Point(ALL_FILES, size, wall, cpu, peak, more=every),
        Point(KEPT, size, 0.0, found["kept"]["cpu"], peak, more={"kilobytes": found["kept"]["bytes"] / 1000}),
    ]


def _rounds(size: int, found: dict[str, Any]) -> list[Point]:
    sync, idle, crowd, peak = found["sync_again"], found["idle"], found["crowd"], found["peak"]
    rounds = {"rounds": found["rounds"], "started": found["started"]}
    return [
        Point(SYNC, size, sync["seconds"], sync["cpu"], peak, more={"at first, CPU s": found["sync"]["cpu"]}),
        Point(IDLE, size, idle["seconds"], idle["cpu"], peak, more={"DAGs": found["dags"]}),
        Point(CROWD, size, crowd["seconds"], crowd["cpu"], peak, more=rounds),
    ]


def include_of(size: int) -> Path:
    """An include folder of so many targets, each with rules and probes, so that each has all four DAGs."""
    include = STATE / "targets-include"
    shutil.rmtree(include, ignore_errors=True)
    (include / "targets").mkdir(parents=True)
    shutil.copy(REPOSITORY / "include/defaults.yaml", include)
    for shared in ("email", "report"):
        (include / shared).symlink_to(REPOSITORY / "include" / shared)
    for folder in ("expectations", "sql"):
        (include / folder).mkdir()
    (include / "sql/catalog").symlink_to(REPOSITORY / "include/sql/catalog")
    for number in range(size):
        name = f"shop_{number:04}"
        target = {
            "connection": "summary_app",
            "description": "One of many",
            "server": f"server_{number // 10}",
            "alerts": {"recipients": ["dba@shop.internal"]},
        }
        (include / f"targets/{name}.yaml").write_text(json.dumps(target))
        for folder in ("expectations", "sql"):
            (include / folder / name).symlink_to(REPOSITORY / "include" / folder / "summary_app")
    return include
