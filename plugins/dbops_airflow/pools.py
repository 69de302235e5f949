"""Pools: the scheduler makes that of a server when the first run asks for it.

A task whose pool does not exist waits for ever, and Airflow says so in the scheduler's log only. A pool that exists is
left alone: how many slots a server bears is decided by people, in Airflow.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from dbops_airflow.placement import POOL_PREFIX

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

SLOTS = 1


@hookimpl
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001 - Airflow passes by name
    """Called by Airflow's scheduler as a run starts, before any of its tasks is looked at."""
    tasks = dag_run.dag.tasks if dag_run.dag else []
    wanted = {task.pool for task in tasks if task.pool.startswith(POOL_PREFIX)}
    if wanted:
        make_missing(wanted)


def make_missing(names: Collection[str]) -> None:
    """Make those pools that are not there yet, with one slot each."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.exc import IntegrityError

    # Of its own: the scheduler does not let others commit its session.
    with create_session(scoped=False) as session:
        there = set(session.scalars(select(Pool.pool).where(Pool.pool.in_(names))))
        for name in sorted(set(names) - there):
            server = name.removeprefix(POOL_PREFIX)
            description = f"dbops: databases of {server} take turns; more slots let more of them at a time"
            session.add(Pool(pool=name, slots=SLOTS, description=description, include_deferred=False))
            try:
                session.commit()
            except IntegrityError:  # another scheduler has just made it
                session.rollback()
