"""Permitted: what was read for everybody, reduced to what one user may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from dbops.domain.overview import JOBS, OverviewRow, overview_row
from dbops.domain.target_view import TargetView
from dbops_airflow.page.actions import MIGRATE, RESTORE

_SCHEDULED_BY = {"check": "check", "probe": "probe", "drill": "drill"}


def own_dags(name: str) -> list[str]:
    """The ids of the DAGs that a target may have of its own."""
    return [f"{job}__{name}" for job in JOBS]


def permitted_row(row: OverviewRow, readable: Collection[str], now: datetime) -> OverviewRow | None:
    """The row without what belongs to DAGs that may not be read; None where its backups may not be seen.

    Then the light is that of what is left: its reasons would tell the rest. What drills proved are facts of the backups.
    """
    name = row.target.name
    if f"backup__{name}" not in readable:
        return None
    hidden = [job for job in JOBS if f"{job}__{name}" not in readable]
    if not _tells_of(row, hidden):
        return row
    index = row.index
    if index is not None:
        index = replace(
            index,
            checks=None if "check" in hidden else index.checks,
            probes=None if "probe" in hidden else index.probes,
        )
    unasked = dict.fromkeys((_SCHEDULED_BY[job] for job in hidden if job in _SCHEDULED_BY), None)
    asked = row.target.model_copy(update={"schedule": row.target.schedule.model_copy(update=unasked)})
    dags = {job: state for job, state in row.dags.items() if job not in hidden}
    seen = overview_row(asked, index if index is not None else row.reasons[0], dags, now)
    return replace(seen, target=row.target)


def permitted_view(view: TargetView, readable: Collection[str], now: datetime) -> tuple[TargetView, list[str]] | None:
    """The view without the parts that may not be seen, and their names; None where its backups may not be seen."""
    row = permitted_row(view.row, readable, now)
    if row is None:
        return None
    name = view.target.name
    needed = {
        "checks": {f"check__{name}"},
        "probes": {f"probe__{name}"},
        "migrations": {MIGRATE},
        "restores": {RESTORE},
        "audit": {MIGRATE, RESTORE},  # it tells of both
    }
    hidden = [part for part, dags in needed.items() if not dags <= set(readable)]
    return replace(view, row=row, **dict.fromkeys(hidden)), hidden


def _tells_of(row: OverviewRow, hidden: Collection[str]) -> bool:
    index = row.index
    return (
        any(job in row.dags for job in hidden)
        or ("check" in hidden and index is not None and index.checks is not None)
        or ("probe" in hidden and index is not None and index.probes is not None)
    )
