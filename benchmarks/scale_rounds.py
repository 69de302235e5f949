"""Rounds of Airflow's own scheduler over all DAGs of dags/, in this process; prints what they cost, as JSON.

Run by ``scale_targets`` in a process of its own, with Airflow's environment: `python -m benchmarks.scale_rounds`. The
executor is never started: what is queued stays queued, so that only the scheduler is measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

IDLE_ROUNDS = 5
MOST_ROUNDS = 400


def main() -> None:
    """Migrate the metadata database, write the DAGs, then look: with nothing due, and until each backup has its run."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.utils.db import upgradedb
    from airflow.utils.session import create_session
    from sqlalchemy import text

    upgradedb()
    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]  # Airflow's own
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], bundle_name="dags-folder")

    def sync() -> None:
        with create_session() as session:
            sync_bag_to_db(bag, "dags-folder", None, session=session)

    first = cost_of(sync)
    again = cost_of(sync)
    runner = SchedulerJobRunner(Job())  # type: ignore[no-untyped-call]  # Airflow's own

    def look() -> None:
        with create_session() as session:
            runner._do_scheduling(session)
            session.expunge_all()

    def asked(statement: str) -> int:
        with create_session() as session:
            return int(session.execute(text(statement)).scalar() or 0)

    look()  # loads what is loaded once
    idle = [cost_of(look) for _ in range(IDLE_ROUNDS)]
    with create_session() as session:
        past = "UPDATE dag SET next_dagrun_create_after = now() - interval '1 second'"
        due = session.execute(text(f"{past} WHERE dag_id LIKE 'backup\\_\\_%'"))
        targets: int = due.rowcount  # type: ignore[attr-defined]  # a cursor's result has it
    crowd: list[dict[str, float]] = []
    runs = "SELECT count(*) FROM dag_run WHERE dag_id LIKE 'backup\\_\\_%' AND state = 'running'"
    while asked(runs) < targets and len(crowd) < MOST_ROUNDS:
        crowd.append(cost_of(look))
    answer: dict[str, Any] = {
        "dags": len(bag.dags),
        "sync": first,
        "sync_again": again,
        "idle": {key: median(one[key] for one in idle) for key in ("seconds", "cpu")},
        "crowd": {key: sum(one[key] for one in crowd) for key in ("seconds", "cpu")},
        "rounds": len(crowd),
        "started": asked(runs),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    sys.stdout.write("RESULT " + json.dumps(answer))


def cost_of(act: Callable[[], None]) -> dict[str, float]:
    """What it took, of the clock and of this process."""
    began, used = time.monotonic(), time.process_time()
    act()
    return {"seconds": time.monotonic() - began, "cpu": time.process_time() - used}


if __name__ == "__main__":
    main()
