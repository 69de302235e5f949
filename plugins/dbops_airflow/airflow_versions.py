"""Airflow versions: what lies elsewhere, or is called otherwise, from 3.1 to 3.3; found where this Airflow has it.

Light to import: DAG files do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
    from airflow.sdk.exceptions import TaskAwaitingInput as TaskParked
else:
    try:
        from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable
        from airflow.sdk.configuration import conf
        from airflow.sdk.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            TaskDeferred,
        )
    except ImportError:  # Airflow 3.1
        from airflow.configuration import conf
        from airflow.exceptions import (
            AirflowException,
            AirflowFailException,
            AirflowNotFoundException,
            TaskDeferred,
        )
        from airflow.timetables.assets import AssetOrTimeSchedule
        from airflow.timetables.trigger import CronTriggerTimetable
    try:
        from airflow.sdk.exceptions import TaskAwaitingInput as TaskParked
    except ImportError:  # Airflow 3.1 and 3.2: a trigger waits for the human, and the task is deferred to it
        TaskParked = TaskDeferred

__all__ = [
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AssetOrTimeSchedule",
    "CronTriggerTimetable",
    "TaskParked",
    "conf",
]
