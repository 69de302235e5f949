"""DAG states: whether each DAG is paused, when it runs next, how its last run ended; by Airflow's own database."""

from __future__ import annotations

from collections.abc import Collection

from dbops.domain.watch.dag_state import DagState


def dag_states(dag_ids: Collection[str]) -> dict[str, DagState]:
    """Those of the DAGs that Airflow knows, by id, in two queries; nothing is written."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from sqlalchemy import func, or_, select

    wanted = list(dag_ids)
    ended_states = (DagRunState.SUCCESS, DagRunState.FAILED)
    newest = select(func.max(DagRun.id)).where(DagRun.dag_id.in_(wanted)).group_by(DagRun.dag_id)
    newest_ended = newest.where(DagRun.state.in_(ended_states))
    with create_session(scoped=False) as session:
        dags = session.execute(
            select(DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after).where(
                DagModel.dag_id.in_(wanted), ~DagModel.is_stale
            )
        ).all()
        runs = session.execute(
            select(DagRun.dag_id, DagRun.state, DagRun.end_date).where(
                or_(DagRun.id.in_(newest), DagRun.id.in_(newest_ended))
            )
        ).all()
    # Two of a DAG at most: the one that ended last, and one since that goes on or waits.
    last = {dag_id: (state, ended) for dag_id, state, ended in runs if state in ended_states}
    running = {dag_id for dag_id, state, _ in runs if state not in ended_states}
    states = {}
    for dag_id, is_paused, next_run in dags:
        state, ended = last.get(dag_id, ("", None))
        states[dag_id] = DagState(
            dag_id=dag_id,
            is_paused=bool(is_paused),
            next_run=None if is_paused else next_run,
            last_state=str(state or ""),
            last_end=ended,
            is_running=dag_id in running,
        )
    return states
