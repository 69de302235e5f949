"""Where heavy jobs run and who waits for whom; who says nothing about it is not concerned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.airflow.conftest import Dags


@pytest.fixture
def pools() -> Iterator[Callable[[], dict[str, int]]]:
    """Airflow's pools but its own, by name; gone afterwards."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    def found() -> dict[str, int]:
        with create_session(scoped=False) as session:
            found = session.execute(select(Pool.pool, Pool.slots).where(Pool.pool != "default_pool"))
            return {str(name): slots for name, slots in found}

    yield found
    with create_session(scoped=False) as session:
        session.execute(delete(Pool).where(Pool.pool != "default_pool"))


def placed(dags: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Pool and queue of each task that is not where Airflow puts a task by itself."""
    tasks = {f"{dag.dag_id}.{task.task_id}": task for dag in dags.values() for task in dag.tasks}
    usual = ("default_pool", "default")
    return {name: (task.pool, task.queue) for name, task in tasks.items() if (task.pool, task.queue) != usual}


@pytest.fixture
def load(load_dags: Callable[[], Dags], include: Any) -> Callable[[], dict[str, Any]]:
    """Loads the DAGs of a target that has checks and probes, too."""
    (include / "expectations/shop").mkdir(parents=True)
    (include / "sql/shop/probes").mkdir(parents=True)
    (include / "sql/shop/probes/ping.sql").write_text("SELECT 1")

    def loaded() -> dict[str, Any]:
        dags, errors = load_dags()
        assert errors == {}
        return dags

    return loaded


def test_who_says_nothing_keeps_airflows_own_pool_and_queue(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]]
) -> None:
    add_target("shop")
    assert placed(load()) == {}


def test_targets_of_one_server_take_turns_in_what_loads_it(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]]
) -> None:
    add_target("shop", server="main")
    add_target("blog", server="main")
    add_target("wiki", server="other")
    turns = placed(load())
    assert turns == {
        **dict.fromkeys(
            ("backup__shop.back_up", "check__shop.check", "probe__shop.probe", "backup__blog.back_up"),
            ("server__main", "default"),
        ),
        "backup__wiki.back_up": ("server__other", "default"),
    }


def test_a_queue_takes_the_heavy_jobs_of_its_target_only(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]]
) -> None:
    add_target("shop", queue="large")
    add_target("blog")
    assert placed(load()) == {
        "backup__shop.back_up": ("default_pool", "large"),
        "drill__shop.drill": ("default_pool", "large"),
    }


def test_a_queue_that_all_targets_name_takes_restores_and_backups_before_migrations_too(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]]
) -> None:
    add_target("shop", queue="large")
    queues = {name: queue for name, (_, queue) in placed(load()).items()}
    heavy = ("backup__shop.back_up", "drill__shop.drill", "restore.restore", "migrate.back_up")
    assert queues == dict.fromkeys(heavy, "large")


def test_a_deployment_names_the_queue_of_all_that_name_none(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBOPS_HEAVY_QUEUE", "heavy")
    add_target("shop", queue="large")
    add_target("blog")
    queues = {name: queue for name, (_, queue) in placed(load()).items()}
    assert queues == {
        **dict.fromkeys(("backup__shop.back_up", "drill__shop.drill"), "large"),
        **dict.fromkeys(("backup__blog.back_up", "drill__blog.drill", "restore.restore", "migrate.back_up"), "heavy"),
    }


HEAVY = ("backup__shop.back_up", "drill__shop.drill", "restore.restore", "migrate.back_up")


@pytest.mark.parametrize(
    ("queue", "pool"), [("heavy", "queue__heavy"), ("", "queue__heavy"), ("night", "queue__night")]
)
def test_a_deployment_that_says_how_many_heavy_jobs_run_at_a_time_lets_the_others_wait_in_a_pool(
    add_target: Callable[..., None],
    load: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    queue: str,
    pool: str,
) -> None:
    monkeypatch.setenv("DBOPS_HEAVY_QUEUE", queue)
    monkeypatch.setenv("DBOPS_HEAVY_SLOTS", "2")
    add_target("shop")
    assert placed(load()) == dict.fromkeys(HEAVY, (pool, queue or "default"))


def test_a_queue_of_a_targets_own_has_a_pool_of_its_own_and_a_server_goes_before_it(
    add_target: Callable[..., None], load: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBOPS_HEAVY_SLOTS", "2")
    add_target("shop", queue="large", server="main")
    where = placed(load())
    assert {name: where[name] for name in HEAVY} == {
        "backup__shop.back_up": ("server__main", "large"),
        **dict.fromkeys(HEAVY[1:], ("queue__large", "large")),
    }


@pytest.mark.parametrize("said", ["0", "-1", "two", "2.5", "\u0662"])
def test_slots_that_are_no_number_are_told_with_the_variable_that_says_them(
    add_target: Callable[..., None], load_dags: Callable[[], Dags], monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("DBOPS_HEAVY_SLOTS", said)
    add_target("shop")
    _, errors = load_dags()
    assert errors.keys() == {"backup.py", "drill.py", "migrate.py", "restore.py"}
    assert all("DBOPS_HEAVY_SLOTS is " in error and "for example 2" in error for error in errors.values())


def starting(dags: dict[str, Any], dag_id: str) -> None:
    """What the scheduler tells as a run starts."""
    from airflow.listeners.listener import get_listener_manager
    from airflow.models.dagrun import DagRun
    from airflow.plugins_manager import integrate_listener_plugins
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.state import DagRunState

    integrate_listener_plugins(get_listener_manager())
    run = DagRun(dag_id=dag_id, run_id="manual", state=DagRunState.RUNNING)
    run.dag = DagSerialization.from_dict(DagSerialization.to_dict(dags[dag_id]))
    run.notify_dagrun_state_changed("started")


def test_a_run_finds_the_pool_of_its_server_made(
    add_target: Callable[..., None],
    load: Callable[[], dict[str, Any]],
    pools: Callable[[], dict[str, int]],
) -> None:
    """Airflow lets tasks of a pool that does not exist wait for ever."""
    add_target("shop", server="main")
    dags = load()
    assert pools() == {}
    starting(dags, "backup__shop")
    starting(dags, "check__shop")
    assert pools() == {"server__main": 1}


def test_a_run_finds_the_pool_of_heavy_jobs_made_with_the_slots_of_the_deployment(
    add_target: Callable[..., None],
    load: Callable[[], dict[str, Any]],
    pools: Callable[[], dict[str, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBOPS_HEAVY_SLOTS", "3")
    add_target("shop", server="main")
    starting(load(), "backup__shop")
    starting(load(), "restore")
    assert pools() == {"server__main": 1, "queue__heavy": 3}


def test_slots_that_somebody_has_given_a_server_are_kept(
    add_target: Callable[..., None],
    load: Callable[[], dict[str, Any]],
    pools: Callable[[], dict[str, int]],
) -> None:
    from airflow.models.pool import Pool

    Pool.create_or_update_pool(name="server__main", slots=3, description="by hand", include_deferred=False)
    add_target("shop", server="main")
    starting(load(), "backup__shop")
    assert pools() == {"server__main": 3}


def test_a_run_without_a_server_makes_no_pool(
    add_target: Callable[..., None],
    load: Callable[[], dict[str, Any]],
    pools: Callable[[], dict[str, int]],
) -> None:
    add_target("shop")
    starting(load(), "backup__shop")
    assert pools() == {}
