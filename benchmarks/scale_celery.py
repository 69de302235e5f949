"""Ten backups at once through Celery, on the services of docker-compose.yaml without containers. See docs/scale.md."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from benchmarks.measured_run import MeasuredRun
from benchmarks.process_memory import Memory, memory_of
from benchmarks.results import MB, Table
from benchmarks.scale_points import Point, keep
from benchmarks.stage import STATE, Stage
from tests.e2e.compose_stack import SERVICES, ComposeStack
from tests.e2e.compose_start import running
from tests.e2e.rest import Rest
from tests.e2e.waiting import eventually

BACKUPS = 10
CONCURRENCIES = (2, 10, 4)
POOLED = 3
ALONE, IN_A_POOL = "ten backups, no common server", "three backups of one server, pool"
_WORKER = "airflow-worker-heavy"
_PATIENCE = 900.0
_TICKS = os.sysconf("SC_CLK_TCK")


def measure_celery(_place: Stage, _runs: int) -> Table:
    """Once for each concurrency of the heavy worker, then three targets of one server, which take turns."""
    folder = STATE / "celery"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = [f"shop_{number}" for number in range(BACKUPS)]
    pooled = [f"pooled_{number}" for number in range(POOLED)]
    targets: dict[str, dict[str, str]] = {name: {} for name in names} | {name: {"server": "main"} for name in pooled}
    command = SERVICES[_WORKER]["command"]
    points: list[Point] = []
    try:
        with running(folder, targets) as stack:
            rest = stack.rest("alice")
            wanted = {f"backup__{name}" for name in targets}
            eventually(lambda: wanted <= rest.dag_ids(), "the DAGs", seconds=_PATIENCE)
            for concurrency in CONCURRENCIES:
                stack.kill(_WORKER)
                SERVICES[_WORKER]["command"] = command.replace("--concurrency 2", f"--concurrency {concurrency}")
                stack.start(_WORKER)
                eventually(lambda: "ready." in stack.log(_WORKER)[-4000:], "the worker", seconds=_PATIENCE)
                points.append(_measured(stack, rest, ALONE, names, concurrency))
                if concurrency == max(CONCURRENCIES):
                    points.append(_measured(stack, rest, IN_A_POOL, pooled, concurrency))
                keep("celery", sorted(points, key=lambda point: (point.what, point.size)))
            rest.close()
    finally:
        SERVICES[_WORKER]["command"] = command
        shutil.rmtree(folder, ignore_errors=True)
    return keep("celery", sorted(points, key=lambda point: (point.what, point.size)))


def _measured(stack: ComposeStack, rest: Rest, what: str, names: list[str], concurrency: int) -> Point:
    idle = memory_of(stack.pids(_WORKER))
    with _peak(stack) as peak:
        used = _cpu(stack)
        runs = [rest.trigger(f"backup__{name}") for name in names]
        for run in runs:
            run.wait("success", seconds=_PATIENCE)
        used = _cpu(stack) - used
    tasks = [run.task("back_up") for run in runs]
    spans = [(_time(task["start_date"]), _time(task["end_date"])) for task in tasks]
    seconds = (max(end for _, end in spans) - min(begin for begin, _ in spans)).total_seconds()
    at_once = max(sum(begin <= moment < end for begin, end in spans) for moment, _ in spans)
    measured = MeasuredRun(
        seconds,
        used,
        resident=max(memory.resident for memory in peak),
        spool=0,
        proportional=max(memory.proportional for memory in peak),
    )
    megabytes = {
        "idle_megabytes": round(idle.resident / MB),
        "idle_proportional_megabytes": round(idle.proportional / MB),
    }
    point = Point.of(what, concurrency, [measured], at_once=at_once, **megabytes)
    print(f"  {point.row()}", file=sys.stderr)
    return point


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def _peak(stack: ComposeStack) -> Iterator[list[Memory]]:
    """What the memory of the worker's processes was, looked at twice a second."""
    seen, over = [memory_of(stack.pids(_WORKER))], threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            seen.append(memory_of(stack.pids(_WORKER)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _cpu(stack: ComposeStack) -> float:
    """CPU seconds of the worker's processes, and of those that they have waited for."""
    ticks = 0
    for pid in stack.pids(_WORKER):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS
