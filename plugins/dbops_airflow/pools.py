"""Pools: the scheduler makes those of servers and of heavy workers' queues when the first run asks for them.

A task whose pool does not exist waits for ever, and Airflow says so in the scheduler's log only. A pool that exists is
left alone: how many slots it has is decided by people, in Airflow.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from dbops_airflow.placement import QUEUE_POOL, SERVER_POOL, heavy_slots

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.pool import Pool


@hookimpl
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001 - Airflow passes by name
    """Called by Airflow's scheduler as a run starts, before any of its tasks is looked at."""
    tasks = dag_run.dag.tasks if dag_run.dag else []
    wanted = {task.pool for task in tasks if task.pool.startswith((SERVER_POOL, QUEUE_POOL))}
    if wanted:
        make_missing(wanted)


def make_missing(names: Collection[str]) -> None:
    """Make those pools that are not there yet: one slot a server, and what the deployment says a queue."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.exc import IntegrityError

    # Of its own: the scheduler does not let others commit its session.
    with create_session(scoped=False) as session:
        there = set(session.scalars(select(Pool.pool).where(Pool.pool.in_(names))))
        for name in sorted(set(names) - there):
            session.add(_made(name))
            try:
                session.commit()
            except IntegrityError:  # another scheduler has just made it
                session.rollback()


def _made(name: str) -> Pool:
    from airflow.models.pool import Pool

    if name.startswith(SERVER_POOL):
        server = name.removeprefix(SERVER_POOL)
        slots, description = 1, f"dbops: databases of {server} take turns; more slots let more of them run at a time"
    else:
        # A scheduler that is told nothing makes the smallest: too many would wait where nobody has an order.
        slots = heavy_slots() or 1
        description = "dbops: heavy jobs at a time; as many slots as all workers of this queue can run at a time"
    return Pool(pool=name, slots=slots, description=description, include_deferred=False)
