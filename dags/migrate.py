"""migrate: bring a database under Prisma Migrate, and on; started by hand, applied upon another human's yes."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.approval import ApprovalSensor, break_glass_params
from dbops_airflow.migration_operators import (
    ApplyMigrationOperator,
    BackUpBeforeMigrationOperator,
    MigrateOrReport,
    PlanMigrationOperator,
    PostCheckMigrationOperator,
    ReportMigrationOperator,
)
from dbops_airflow.placement import FIRST, on_a_large_worker
from dbops_airflow.targets import targets_for

DOC = """
Applies what is pending in `include/sql/<target>/migrations`, as Prisma Migrate would, and marks the first of them as
the baseline where the schema was pushed before. **plan** only reads, and tries everything on a scratch database;
nothing is changed before somebody else has read that plan and said yes.

Read `docs/runbooks/migrate.md` first if this is your first one.

- **plan** is red where something stands in the way, and says what. `python -m dbops migrate <target> --plan` shows
  the same in a shell.
- **back_up** makes the backup to go back to, right before **apply**.
- **apply** takes back what can be taken back where a migration fails, and says plainly what cannot.
- Stopped or killed anywhere, a retry sees how far it came, and goes on or says why not. Nothing is applied twice.
"""

targets = targets_for("migrate__")

with DAG(
    dag_id="migrate",
    description="Apply pending migrations: plan, a human's yes, a fresh backup, apply, check",
    doc_md=DOC,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    is_paused_upon_creation=False,
    tags={"dbops", "migrate"},
    params={
        # None is chosen beforehand: whoever starts a migration names the database.
        "target": Param("", type="string", enum=["", *(target.name for target in targets)]),
        **break_glass_params(),
    },
    default_args={
        "owner": "dbops",
        "retries": 1,
        **FIRST,
        "retry_delay": timedelta(minutes=1),
        "on_failure_callback": TaskFailureMail("migrate"),
    },
    on_failure_callback=RunFailureMail("migrate"),
):
    plan = PlanMigrationOperator(task_id="plan")
    migrate_or_report = MigrateOrReport(task_id="migrate_or_report", migrate="approve", report="report")
    approve = ApprovalSensor(task_id="approve", plan_task_id="plan", action="migrate")
    back_up = BackUpBeforeMigrationOperator(task_id="back_up", **on_a_large_worker(*targets))
    apply = ApplyMigrationOperator(task_id="apply")
    post_check = PostCheckMigrationOperator(task_id="post_check")
    report = ReportMigrationOperator(task_id="report", trigger_rule="none_failed_min_one_success")
    plan >> migrate_or_report >> [approve, report]
    approve >> back_up >> apply >> post_check >> report
    # A leaf as red as the migration: Airflow colours a run by its leaves, and a skipped report stays skipped.
    post_check >> EmptyOperator(task_id="migrated")
