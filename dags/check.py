"""check__<target>: one DAG for each database that has rules below include/expectations/, every night."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.assets import checked_asset
from dbops_airflow.check_operator import CheckOperator
from dbops_airflow.placement import taking_turns
from dbops_airflow.schedules import timetable
from dbops_airflow.targets import checked_targets_for

DOC = """
Proves with Great Expectations that the schema of **{target.name}** is the one in `include/expectations/{target.name}/`
and that its data obeys the rules there.

- Red: a rule of severity error is broken, or could not be evaluated. A warning is mailed, and stays green.
- The mail says which rule, how many rows, which keys, and the SQL that shows them; *day 3* means that it is no news.
- Every night what the catalog proves (a valid unique or foreign key) is not executed; on {target.checks.full_on}s, and
  started by hand with **full**, it is.
"""

for target in checked_targets_for("check__"):
    with DAG(
        dag_id=f"check__{target.name}",
        description=f"Checks of schema and data of {target.name} ({target.environment})",
        doc_md=DOC.format(target=target),
        schedule=timetable(target.schedule.check, target.timezone),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags={"dbops", "check", target.environment},
        params={
            "full": Param(
                None, type=["null", "boolean"], description="execute what the catalog proves; empty: as the day says"
            )
        },
        default_args={
            "owner": target.owner,
            "retries": 1,
            "retry_delay": timedelta(minutes=10),
            "on_failure_callback": TaskFailureMail("check", target.audience, target),
        },
        on_failure_callback=RunFailureMail("check", target.audience, target),
    ):
        CheckOperator(
            task_id="check",
            target=target,
            outlets=[checked_asset(target)],
            **taking_turns(target),
        )
