"""DagState: what Airflow says of one DAG, as a plain value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class DagState:
    """``last_state`` is Airflow's word for the last run: success, failed, running, queued; empty where there was none.

    ``next_run`` is None where none is planned, ``last_run`` the last run's id, and ``last_end`` None until it is over.
    """

    dag_id: str
    is_paused: bool
    next_run: datetime | None = None
    last_run: str = ""
    last_state: str = ""
    last_end: datetime | None = None
