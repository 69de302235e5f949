"""drill__<target>: one DAG for each database, which restores a backup for the proof as often as its file asks."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from dbops_airflow.airflow_versions import AssetOrTimeSchedule
from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.assets import backup_asset
from dbops_airflow.backup_operators import DrillOperator
from dbops_airflow.placement import on_a_large_worker
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import targets_for

DOC = """
Restores the newest backup of **{target.name}** into a server that is thrown away afterwards, and compares it with its
manifest: every row count, the schema, sequences, indexes, extensions. The verdict and how long the recovery took are
kept beside the backup.

- Runs when a backup arrives and on its own schedule, and then does nothing unless a drill is due: every
  `drill.every`, and for the first backup after a change of the schema.
- Started by hand with **force**, or with the id of a **backup**, it drills in any case.
- Red means that the backup could not be proven: read why before you need it.
"""

for target in targets_for("drill__"):
    schedule = target.schedule.drill
    with DAG(
        dag_id=f"drill__{target.name}",
        description=f"Proof that the backups of {target.name} ({target.environment}) can be restored",
        doc_md=DOC.format(target=target),
        schedule=AssetOrTimeSchedule(
            timetable=timetable(schedule, target.timezone),
            assets=[backup_asset(target)],
        )
        if schedule
        else None,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={"dbops", "drill", target.environment},
        params={
            "force": Param(False, type="boolean", description="drill the newest backup, due or not"),
            "backup": Param(None, type=["null", "string"], description="the id of the backup to drill, due or not"),
        },
        default_args={
            "owner": target.owner,
            "retries": 1,
            "retry_delay": timedelta(minutes=10),
            "on_failure_callback": TaskFailureMail("drill", target.audience, target),
        },
        on_failure_callback=RunFailureMail("drill", target.audience, target),
    ):
        DrillOperator(
            task_id="drill",
            target=target,
            **on_a_large_worker(target),
        )
