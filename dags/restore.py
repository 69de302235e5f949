"""restore: bring a backup back, started by hand; what becomes live waits for a human's yes."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

from dbops_airflow.alerts import RunFailureMail, TaskFailureMail
from dbops_airflow.approval import ApprovalSensor, break_glass_params
from dbops_airflow.placement import FIRST, on_a_large_worker
from dbops_airflow.restore_operators import (
    AnalyzeRestoreOperator,
    PlanRestoreOperator,
    PostCheckOperator,
    ReportRestoreOperator,
    RestoreOperator,
    SwapOperator,
    SwapOrReport,
    VerifyRestoreOperator,
)
from dbops_airflow.targets import targets_for

DOC = """
Restores a backup, and destroys nothing: it is loaded **beside** the live database and proven there. Only a **swap**
puts it into place, after somebody else has read the plan and said yes; the old database is kept under another name.

Read `docs/runbooks/restore.md` first if this is your first one: it fits on a page.

- **mode** `beside`: a new database. `swap`: the same, which then takes the live one's name. `into`: an empty database
  that you made. `schema`: one schema, under a new name, in the live database.
- **backup** empty: the newest verified one, **not_later_than** a time if you give it.
- **schemas**, **tables** empty: everything. A table is written `schema.table`, one a line.
- **loaded**: a swap of what an earlier run has loaded and verified, and did not swap in. Nothing is loaded again.
- Stopped or killed anywhere, nothing live has changed; a retry goes on, a new run begins anew, without **loaded**.
"""

targets = targets_for("restore__")

with DAG(
    dag_id="restore",
    description="Bring a backup back: beside, into an empty database, or in the live one's place",
    doc_md=DOC,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    is_paused_upon_creation=False,
    tags={"dbops", "restore"},
    params={
        # None is chosen beforehand: whoever starts a restore names the database.
        "target": Param("", type="string", enum=["", *(target.name for target in targets)]),
        "mode": Param("beside", type="string", enum=["beside", "swap", "into", "schema"]),
        "backup": Param(None, type=["null", "string"], description="its id; empty: the newest verified one"),
        "not_later_than": Param(
            None, type=["null", "string"], description="such as 2026-11-22 02:00, in the target's time zone"
        ),
        "schemas": Param(None, type=["null", "array"], items={"type": "string"}, description="one a line; empty: all"),
        "tables": Param(
            None, type=["null", "array"], items={"type": "string"}, description="schema.table, one a line; empty: all"
        ),
        "loaded": Param(
            None,
            type=["null", "string"],
            description="mode swap: load nothing, but swap in what an earlier run has; its run id, or its database",
        ),
        "into": Param(None, type=["null", "string"], description="mode into: the empty database, on the same server"),
        **break_glass_params(),
    },
    default_args={
        "owner": "dbops",
        "retries": 1,
        **FIRST,
        "retry_delay": timedelta(minutes=1),
        "on_failure_callback": TaskFailureMail("restore"),
    },
    on_failure_callback=RunFailureMail("restore"),
):
    plan = PlanRestoreOperator(task_id="plan")
    approve_restore = ApprovalSensor(task_id="approve_restore", plan_task_id="plan", action="restore")
    restore = RestoreOperator(task_id="restore", **on_a_large_worker(*targets))
    analyze = AnalyzeRestoreOperator(task_id="analyze")
    verify = VerifyRestoreOperator(task_id="verify")
    swap_or_report = SwapOrReport(task_id="swap_or_report", swap="approve_swap", report="report")
    approve_swap = ApprovalSensor(task_id="approve_swap", plan_task_id="verify", action="swap")
    swap = SwapOperator(task_id="swap")
    post_check = PostCheckOperator(task_id="post_check")
    report = ReportRestoreOperator(task_id="report", trigger_rule="none_failed_min_one_success")
    plan >> approve_restore >> restore >> analyze >> verify >> swap_or_report >> [approve_swap, report]
    approve_swap >> swap >> post_check >> report
    # A leaf as red as the swap: Airflow colours a run by its leaves, and a report that was skipped earlier stays so.
    post_check >> EmptyOperator(task_id="swapped")
