"""Triggers a DAG through Airflow's REST API, and follows its run to the end."""

from __future__ import annotations

import time
from typing import Any

from demo.airflow_api import AirflowApi
from demo.display import Display
from demo.errors import DemoError

_POLL_SECONDS = 1.0
_LAST_LINES = 15
_ENDED_WELL = {"success", "skipped"}
_ENDED_BADLY = {"failed", "upstream_failed", "removed"}


class RunFailed(DemoError):
    """The stack runs, but the DAG run did not succeed."""


def wait_for_dag(api: AirflowApi, dag_id: str, *, seconds: float) -> None:
    """Wait until Airflow has read the DAG, and unpause it; DemoError says why it is not there."""
    deadline = time.monotonic() + seconds
    while (dag := api.dag(dag_id)) is None:
        if time.monotonic() > deadline:
            errors = api.import_errors()
            reason = "these files cannot be read:\n" + "\n".join(errors) if errors else "no file defines it."
            raise RunFailed(f"Airflow at {api.url} does not know the DAG {dag_id}: {reason}")
        time.sleep(_POLL_SECONDS)
    if dag["is_paused"]:
        api.unpause(dag_id)


def run_to_its_end(api: AirflowApi, dag_id: str, display: Display, *, seconds: float) -> str:
    """Trigger the DAG and show its tasks until the run ends; its id, or RunFailed with the failed task's last lines."""
    run_id = api.trigger(dag_id)
    run_row = f"run of {dag_id}"
    deadline = time.monotonic() + seconds
    while True:
        state = api.run_state(dag_id, run_id)
        display.working(run_row, state)
        tasks = [task for task in api.task_instances(dag_id, run_id) if task["state"]]
        _show(api, dag_id, run_id, tasks, display)
        if state == "success":
            display.done(run_row, run_id)
            return run_id
        # A try that failed is told at once: the next one may be minutes away.
        failed = [task for task in tasks if task["state"] in {"failed", "up_for_retry"}]
        if state == "failed" or failed:
            display.failed(run_row, run_id)
            raise RunFailed(_reason(api, dag_id, run_id, failed))
        if time.monotonic() > deadline:
            raise RunFailed(
                f"The run of {dag_id} has not ended within {seconds:.0f} seconds and goes on: "
                f"look at {api.run_url(dag_id, run_id)}"
            )
        time.sleep(_POLL_SECONDS)


def _show(api: AirflowApi, dag_id: str, run_id: str, tasks: list[dict[str, Any]], display: Display) -> None:
    for task in sorted(tasks, key=lambda task: task["start_date"] or "9"):
        name, state = f"  {task['task_id']}", task["state"]
        if state in _ENDED_WELL:
            display.done(name, state)
        elif state in _ENDED_BADLY:
            display.failed(name, state)
        elif state == "running":
            lines = api.log_lines(dag_id, run_id, task["task_id"], task["try_number"])
            display.working(name, lines[-1] if lines else state)
        elif state == "up_for_retry":
            display.failed(name, f"try {task['try_number']} failed")


def _reason(api: AirflowApi, dag_id: str, run_id: str, failed: list[dict[str, Any]]) -> str:
    where = f"Look at {api.run_url(dag_id, run_id)} (as admin, whose password `make demo-status` shows)."
    if not failed:
        return f"The run of {dag_id} failed. {where}"
    task = failed[0]
    again = " Airflow will try it again by itself." if task["state"] == "up_for_retry" else ""
    lines = api.log_lines(dag_id, run_id, task["task_id"], task["try_number"])[-_LAST_LINES:]
    return "\n".join([f"The task {task['task_id']} of {dag_id} failed.{again} {where} Its last lines:", *lines])
