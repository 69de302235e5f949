"""backup__<target>: one DAG for each database under include/targets/, on the schedule that its file asks for."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.assets import backup_asset
from dbops_airflow.backup_operators import BackUpOperator, ExpireOperator
from dbops_airflow.placement import on_a_large_worker, taking_turns
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import targets_for

DOC = """
Backs up **{target.name}** (Airflow connection `{target.connection}`) to `s3://{target.storage.bucket}/{target.root}`,
then deletes what its retention policy lets go.

{target.description}

- A backup that is listed can be restored: its manifest is written last. A failed run leaves nothing that counts.
- Started by hand with **dry_run**, it makes a backup and only shows what retention would delete.
- Schedule, recipients, retention and everything else: `include/targets/{target.name}.yaml`.
- Stopped in the middle, it cleans up after itself; a retry begins a new backup.
"""

for target in targets_for("backup__"):
    with DAG(
        dag_id=f"backup__{target.name}",
        description=f"Backup of {target.name} ({target.environment})",
        doc_md=DOC.format(target=target),
        schedule=timetable(target.schedule.backup, target.timezone),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={"dbops", "backup", target.environment},
        params={
            "dry_run": Param(False, type="boolean", description="show what retention would expire, delete nothing")
        },
        default_args={
            "owner": target.owner,
            "retries": 2,
            "retry_delay": timedelta(minutes=5),
            "on_failure_callback": TaskFailureMail("backup", target.audience, target),
        },
        on_failure_callback=RunFailureMail("backup", target.audience, target),
    ):
        back_up = BackUpOperator(
            task_id="back_up",
            target=target,
            outlets=[backup_asset(target)],
            **(on_a_large_worker(target) | taking_turns(target)),
        )
        expire = ExpireOperator(task_id="expire", target=target, after="back_up")
        back_up >> expire
