"""Permitted: what was read for everybody, reduced to what one user may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.views.overview import OverviewRow, overview_row
from dbops.domain.views.target_view import TargetView
from dbops.domain.watch.dag_state import JOBS, WATCH
from dbops.domain.watch.reasons import NotKnown
from dbops_airflow.page.actions import MIGRATE, RESTORE


def permitted_row(row: OverviewRow, readable: Collection[str], now: datetime) -> OverviewRow | None:
    """The row without what belongs to DAGs that may not be read; None where its backups may not be seen.

    Then the light is that of what is left: its reasons would tell the rest. What drills proved is told of the backups.
    """
    name = row.target.name
    if f"backup__{name}" not in readable:
        return None
    hidden = [job for job in JOBS if f"{job}__{name}" not in readable]
    watch = row.watch if WATCH in readable else None
    if RESTORE not in readable:
        hidden.append(RESTORE)
    if watch is row.watch and not _tells_of(row, hidden):
        return row
    # A schedule that may not be known promises nothing: what is not seen must not look as if it were late.
    schedule = row.target.schedule.model_copy(update={job: None for job in hidden if job in JOBS})
    asked = row.target.model_copy(update={"schedule": schedule})
    dags = {job: state for job, state in row.dags.items() if job not in hidden} | ({WATCH: watch} if watch else {})
    return replace(overview_row(asked, _index(row, hidden), dags, now, doubt=row.doubt), target=row.target)


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
    unseen: dict[str, Any] = dict.fromkeys(hidden)
    return replace(view, row=row, **unseen), hidden


def _index(row: OverviewRow, hidden: Collection[str]) -> TargetIndex | NotKnown | str:
    if row.index is None:
        return row.missing or NotKnown(row.reasons[0])
    return replace(
        row.index,
        checks=None if "check" in hidden else row.index.checks,
        probes=None if "probe" in hidden else row.index.probes,
        rehearsal=None if RESTORE in hidden else row.index.rehearsal,
    )


def _tells_of(row: OverviewRow, hidden: Collection[str]) -> bool:
    index = row.index
    return (
        any(job in row.dags for job in hidden)
        or ("check" in hidden and index is not None and index.checks is not None)
        or ("probe" in hidden and index is not None and index.probes is not None)
        or (RESTORE in hidden and index is not None and index.rehearsal is not None)
    )
