"""Schedules: a target file's cron expression as Airflow's timetable."""

from __future__ import annotations

from datetime import timedelta
from typing import overload

from dbops.domain.options.cron import written_out
from dbops_airflow.airflow_versions import CronTriggerTimetable


@overload
def timetable(expression: str, timezone: str) -> CronTriggerTimetable: ...
@overload
def timetable(expression: None, timezone: str) -> None: ...
def timetable(expression: str | None, timezone: str) -> CronTriggerTimetable | None:
    """When it says, by that zone's clock, from the next such moment on; None: only by hand."""
    if expression is None:
        return None
    return CronTriggerTimetable(written_out(expression), timezone=timezone, run_immediately=timedelta(0))
