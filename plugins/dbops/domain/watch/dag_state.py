"""DagState: what Airflow says of one DAG, as a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

JOBS = ("backup", "check", "probe", "drill")
"""The jobs of which every target has a DAG of its own, ``<job>__<target>``."""

WATCH = "watch"
"""The DAG that looks at every target, by its id."""


@dataclass(frozen=True, kw_only=True)
class DagState:
    """``last_state`` is Airflow's word for the last run that ended, success or failed; empty where there was none yet.

    ``last_end`` is when it ended: a run that goes on or waits, ``is_running``, hides no failure before it. ``next_run``
    is None where none is planned.
    """

    dag_id: str
    is_paused: bool
    next_run: datetime | None = None
    last_state: str = ""
    last_end: datetime | None = None
    is_running: bool = False


def own_dags(name: str) -> list[str]:
    """The ids of the DAGs that tell of the target of that name: those that it may have of its own, and the watch."""
    return [*(f"{job}__{name}" for job in JOBS), WATCH]


def dags_of(name: str, dags: Mapping[str, DagState]) -> dict[str, DagState]:
    """The DAGs that tell of the target of that name, of ``dags`` by their ids: its own by job, and the watch."""
    own = {job: dags[dag_id] for job in JOBS if (dag_id := f"{job}__{name}") in dags}
    return own | ({WATCH: dags[WATCH]} if WATCH in dags else {})
