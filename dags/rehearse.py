"""rehearse: plan the restore of every target that nobody needs yet, so that what would refuse it is known in time."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail, everybody
from dbops_airflow.rehearse_operator import RehearseOperator
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import targets_for

DOC = """
Plans a restore of each target once a day, as the DAG `restore` would, with the role, the keys and the programs that it
would have: may that role create databases, is it a member of the owners, has the server what the backup needs? It only
reads. What stands in the way is mailed by the `watch` as a warning, and stands on the target's page.

- Looks every hour for what is due; what would be refused is asked again then, until it is put right.
- Green whatever it finds, and whatever it cannot find out: its log has a line on each target.
- A target that is restored in another way on purpose says so in its file: `allow: [restored_elsewhere]`.
"""

whole_audience = everybody(targets_for("rehearse__"))

with DAG(
    dag_id="rehearse",
    description="Would a restore be allowed? Planned for every target once a day, changes nothing",
    doc_md=DOC,
    schedule=timetable("47 * * * *", "UTC"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),  # ends the process; execution_timeout would wait for a thread that hangs
    is_paused_upon_creation=False,
    tags={"dbops", "rehearse"},
    default_args={
        "owner": "dbops",
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": TaskFailureMail("rehearse", whole_audience),
    },
    on_failure_callback=RunFailureMail("rehearse", whole_audience),
):
    RehearseOperator(task_id="rehearse", execution_timeout=timedelta(minutes=30))
