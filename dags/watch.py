"""watch: every hour, compare what every target promises with what its bucket shows, and mail what is not kept."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail, everybody
from dbops_airflow.placement import FIRST
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import targets_for
from dbops_airflow.watch_operator import WatchOperator

DOC = """
Notices what did not happen: a backup that is missing, late or too small, a file below `include/` that cannot be read,
a backup DAG that is paused - also when Airflow never created a run. Each problem is mailed when it appears and once
a day as long as it lasts. A green run means that the watch has looked, not that all is well: its log says what it saw.

Nobody can watch himself: `alerts.heartbeat_url` lets somebody outside notice that this DAG, or Airflow, is gone.
"""

whole_audience = everybody(targets_for("backup__"))

with DAG(
    dag_id="watch",
    description="What should have happened and did not",
    doc_md=DOC,
    schedule=timetable("17 * * * *", "UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),  # ends the process; execution_timeout would wait for a thread that hangs
    is_paused_upon_creation=False,
    tags={"dbops", "watch"},
    default_args={
        "owner": "dbops",
        "retries": 1,
        **FIRST,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": TaskFailureMail("watch", whole_audience),
    },
    on_failure_callback=RunFailureMail("watch", whole_audience),
):
    WatchOperator(task_id="watch")
