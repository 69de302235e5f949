"""A night of many targets in Airflow's own scheduler, as compose sets it: who is handed to the workers, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
TOLD: dict[str, str] = SERVICES["airflow-scheduler"]["environment"]
HEAVY = int(TOLD["DBOPS_HEAVY_SLOTS"])
COMMON = int(TOLD["AIRFLOW__CORE__DEFAULT_POOL_TASK_SLOT_COUNT"])
TARGETS = 20


class Scheduler:
    """Airflow's own, asked by hand what to hand out next. What it has handed out waits in Redis until it is done."""

    def __init__(self, runner: SchedulerJobRunner) -> None:
        self._runner = runner

    def hands_out(self) -> list[str]:
        """Let it look once, and name the tasks as dag.task."""
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from airflow.utils.state import TaskInstanceState
        from sqlalchemy import func, select

        with create_session(scoped=False) as session:
            out = select(func.count()).where(TaskInstance.state == TaskInstanceState.QUEUED)
            free = int(TOLD["AIRFLOW__CORE__PARALLELISM"]) - (session.scalar(out) or 0)
            if free <= 0:  # as _critical_section_enqueue_task_instances does
                return []
            found = self._runner._executable_task_instances_to_queued(min(16, free), session=session)
            return [f"{one.dag_id}.{one.task_id}" for one in found]

    def hands_out_all(self) -> list[str]:
        """Let it look until it has nothing more to hand out."""
        return [one for _ in range(TARGETS) for one in self.hands_out()]


@pytest.fixture
def scheduler(
    add_target: Callable[..., None], include: Path, monkeypatch: pytest.MonkeyPatch, airflow_home: Path
) -> Iterator[Scheduler]:
    """That of compose with so many targets, whose pools are as compose makes them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.dagrun import DagRun
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    from dbops_airflow.pools import make_missing

    for name in ("DBOPS_HEAVY_QUEUE", "DBOPS_HEAVY_SLOTS"):
        monkeypatch.setenv(name, TOLD[name])
    for number in range(TARGETS):
        add_target(f"shop_{number}")
        (include / f"expectations/shop_{number}").mkdir(parents=True)
    bundles: Any = DagBundlesManager  # neither of these two has types
    job: Any = Job
    bundles().sync_bundles_to_db()
    bag = BundleDagBag(ROOT / "dags", bundle_path=ROOT / "dags", bundle_name="dags-folder")
    sync_bag_to_db(bag, "dags-folder", None)
    make_missing({"queue__heavy"})
    usual = Pool.get_default_pool()
    assert usual
    Pool.create_or_update_pool("default_pool", slots=COMMON, description="", include_deferred=False)
    yield Scheduler(SchedulerJobRunner(job()))
    with create_session(scoped=False) as session:
        session.execute(delete(DagRun).where(DagRun.run_id == "night"))
        session.execute(delete(Pool).where(Pool.pool == "queue__heavy"))
    Pool.create_or_update_pool("default_pool", slots=usual.slots, description="", include_deferred=False)


def begin(dag_id: str, *task_ids: str) -> None:
    """A run of which these tasks may run now."""
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    moment = datetime.now(UTC)
    with create_session(scoped=False) as session:
        dag = SerializedDagModel.get_dag(dag_id, session=session)
        assert dag
        run = dag.create_dagrun(
            run_id="night",
            logical_date=moment,
            data_interval=(moment, moment),
            run_after=moment,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
        for task in run.task_instances:
            if task.task_id in task_ids:
                task.state = TaskInstanceState.SCHEDULED


def end(task: str) -> None:
    """A worker has done one of the tasks that it was handed."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import update

    dag_id, task_id = task.split(".")
    with create_session(scoped=False) as session:
        done = update(TaskInstance).where(TaskInstance.dag_id == dag_id, TaskInstance.task_id == task_id)
        session.execute(done.values(state=TaskInstanceState.SUCCESS))


def test_a_night_of_backups_keeps_neither_the_watch_nor_checks_nor_a_restore_waiting(scheduler: Scheduler) -> None:
    for number in range(TARGETS):
        begin(f"backup__shop_{number}", "back_up")
    backups = scheduler.hands_out_all()
    assert len(backups) == HEAVY, "what a heavy worker cannot begin waits in Airflow, not in Redis"

    begin("check__shop_0", "check")
    begin("watch", "watch")
    begin("restore", "plan", "restore")
    assert set(scheduler.hands_out_all()) == {"check__shop_0.check", "watch.watch", "restore.plan"}
    end(backups[0])
    assert scheduler.hands_out_all() == ["restore.restore"], "before the backups that have waited longer"


def test_the_watch_and_what_people_start_go_before_checks_that_wait(scheduler: Scheduler) -> None:
    for number in range(TARGETS):
        begin(f"check__shop_{number}", "check")
    checks = scheduler.hands_out_all()
    assert len(checks) == COMMON
    begin("watch", "watch")
    begin("migrate", "plan")
    end(checks[0])
    end(checks[1])
    assert set(scheduler.hands_out_all()) == {"watch.watch", "migrate.plan"}


def test_every_task_of_the_watch_of_a_restore_and_of_a_migration_goes_before_every_other(scheduler: Scheduler) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    first = ("watch", "restore", "migrate")
    for dag_id in (*first, "backup__shop_0", "check__shop_0", "drill__shop_0"):
        begin(dag_id)
    with create_session(scoped=False) as session:
        found = session.execute(select(TaskInstance.dag_id, TaskInstance.priority_weight)).all()
    weights = [(dag_id in first, weight or 0) for dag_id, weight in found]
    assert min(weight for is_first, weight in weights if is_first) > max(
        weight for is_first, weight in weights if not is_first
    )
