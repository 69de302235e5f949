"""probe__<target>: one DAG for each database that has probes below include/sql/<target>/probes, every week.

Where nobody chose a time, each target has a minute of its own on Sunday from 6 to 7: probes of targets on one server
that ran at once would measure each other. Who has many of them there says which `server` they share, so that they take
turns, or gives each its time (`schedule.probe`).
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.placement import taking_turns
from dbops_airflow.probe_operator import ProbeOperator
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import probed_targets_for

DOC = """
Executes the operations in `include/sql/{target.name}/probes/`, which the application lives from, on **{target.name}**
without leaving a trace, and compares how long they take with their budgets and with the last runs.

- Red: an operation fails. One over its budget, or slower than usual, is mailed with its plan and advice, and stays
  green. When all is well, the mail is a digest.
- Nothing is written: an operation that writes runs in a transaction that is rolled back.
- A run takes at most {target.probes.max_seconds} of measuring and {target.probes.max_concurrency} connections.
"""

for target in probed_targets_for("probe__"):
    with DAG(
        dag_id=f"probe__{target.name}",
        description=f"Latency of the critical operations of {target.name} ({target.environment})",
        doc_md=DOC.format(target=target),
        schedule=timetable(target.probe_schedule, target.timezone),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={"dbops", "probe", target.environment},
        default_args={
            "owner": target.owner,
            "retries": 1,
            "retry_delay": timedelta(minutes=10),
            "on_failure_callback": TaskFailureMail("probe", target.audience, target),
        },
        on_failure_callback=RunFailureMail("probe", target.audience, target),
    ):
        ProbeOperator(task_id="probe", target=target, **taking_turns(target))
