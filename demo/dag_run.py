"""Follows runs of DAGs through Airflow's REST API: a step of a generator is a look, so that one thread follows many."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from typing import Any

from demo.airflow_api import AirflowApi
from demo.display import Display
from demo.errors import DemoError

_LOOK_EVERY = 1.0
_KNOWN_WITHIN = 90.0
_STARTED_WITHIN = 120.0
_LAST_LINES = 15
_FAILED = {"failed", "up_for_retry"}
_ERROR = re.compile(r"[A-Z]\w+: ")  # an exception's name, before what it says
_NO_LOG_YET = "Could not read served logs"


class RunFailed(DemoError):
    """The stack runs, but a DAG run did not succeed. `said` is the last thing its failed task said."""

    def __init__(self, sentence: str, said: str = "") -> None:
        super().__init__(sentence)
        self.said = said or sentence.partition("\n")[0]


def wait_for_dag(api: AirflowApi, dag_id: str, *, seconds: float = _KNOWN_WITHIN) -> Iterator[None]:
    """Wait until Airflow has read the DAG, and unpause it; RunFailed says why it is not there."""
    deadline = time.monotonic() + seconds
    while (dag := api.dag(dag_id)) is None:
        if time.monotonic() > deadline:
            errors = api.import_errors()
            reason = "these files cannot be read:\n" + "\n".join(errors) if errors else "no file defines it."
            raise RunFailed(f"Airflow at {api.url} does not know the DAG {dag_id}: {reason}")
        yield
    if dag["is_paused"]:
        api.unpause(dag_id)


def wait_for_run_after(
    api: AirflowApi, dag_id: str, *, source_run_id: str, seconds: float = _STARTED_WITHIN
) -> Generator[None, None, str]:
    """Wait for the run of `dag_id` that the asset made by another run starts; its id, or RunFailed."""
    deadline = time.monotonic() + seconds
    while (run_id := api.run_started_by(dag_id, source_run_id=source_run_id)) is None:
        if time.monotonic() > deadline:
            raise RunFailed(
                f"No run of {dag_id} has begun within {seconds:.0f} seconds after {source_run_id}: "
                f"look at {api.url}/dags/{dag_id}"
            )
        yield
    return run_id


def follow(api: AirflowApi, dag_id: str, run_id: str, display: Display, *, row: str, seconds: float) -> Iterator[None]:
    """Show in `row` what the run does until it has succeeded, or raise RunFailed with the failed task's last lines."""
    deadline = time.monotonic() + seconds
    while True:
        state = api.run_state(dag_id, run_id)
        tasks = [task for task in api.task_instances(dag_id, run_id) if task["state"]]
        if state == "success":
            return
        # A try that failed is told at once: the next one may be minutes away.
        failed = [task for task in tasks if task["state"] in _FAILED]
        if state == "failed" or failed:
            raise _failure(api, dag_id, run_id, failed)
        if time.monotonic() > deadline:
            raise RunFailed(
                f"The run of {dag_id} has not ended within {seconds:.0f} seconds and goes on: "
                f"look at {api.run_url(dag_id, run_id)}"
            )
        display.working(row, _doing(api, dag_id, run_id, tasks) or state)
        yield


def play(work: Iterator[None]) -> None:
    """Take step after step, a second apart, until it has ended."""
    for _ in work:
        time.sleep(_LOOK_EVERY)


def together(*works: Iterator[None]) -> Iterator[None]:
    """Take a step of each that has not ended, until all have."""
    left = list(works)
    while left:
        left = [work for work in left if next(work, work) is not work]
        if left:
            yield


def _doing(api: AirflowApi, dag_id: str, run_id: str, tasks: list[dict[str, Any]]) -> str:
    for task in tasks:
        if task["state"] == "running":
            lines = api.log_lines(dag_id, run_id, task["task_id"], task["try_number"])
            said = [line for line in lines if not line.startswith(_NO_LOG_YET)]
            return f"{task['task_id']}: {said[-1] if said else 'running'}"
    return ""


def _failure(api: AirflowApi, dag_id: str, run_id: str, failed: list[dict[str, Any]]) -> RunFailed:
    where = f"Look at {api.run_url(dag_id, run_id)} (as admin, whose password `make demo-status` shows)."
    if not failed:
        return RunFailed(f"The run of {dag_id} failed. {where}")
    task = failed[0]
    again = " Airflow will try it again by itself." if task["state"] == "up_for_retry" else ""
    lines = api.log_lines(dag_id, run_id, task["task_id"], task["try_number"])[-_LAST_LINES:]
    errors = [line for line in lines if _ERROR.match(line)]
    sentence = f"The task {task['task_id']} of {dag_id} failed.{again} {where} Its last lines:"
    return RunFailed("\n".join([sentence, *lines]), _ERROR.sub("", (errors or lines or [""])[-1], count=1))
