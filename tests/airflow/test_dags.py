"""What every DAG of this project promises whoever opens Airflow in the morning."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from dbops.domain.options.cron import PRESETS
from tests.airflow.conftest import ROOT, Dags


@pytest.fixture
def dags(add_target: Callable[..., None], load_dags: Callable[[], Dags]) -> dict[str, Any]:
    add_target("shop", owner="shop-team", environment="staging", timezone="Europe/Vienna")
    add_target("blog", schedule={"backup": None})
    found, errors = load_dags()
    assert errors == {}
    return found


def test_each_target_has_dags_and_what_is_for_all_of_them_has_one(
    dags: dict[str, Any],
) -> None:
    by_target = ["backup__blog", "backup__shop", "drill__blog", "drill__shop"]
    assert sorted(dags) == [*by_target, "migrate", "rehearse", "restore", "watch"]


def test_the_targets_of_this_repository_have_their_dags(
    load_dags: Callable[[], Dags], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBOPS_INCLUDE", raising=False)
    found, errors = load_dags()
    assert errors == {}
    names = [file.stem for file in (ROOT / "include" / "targets").glob("*.yaml")]
    assert sorted(found) == sorted(
        [
            *(f"{job}__{name}" for name in names for job in ("backup", "check", "drill", "probe")),
            *("migrate", "rehearse", "restore", "watch"),
        ]
    )


def test_every_dag_runs_from_the_moment_it_exists(dags: dict[str, Any]) -> None:
    assert {dag.is_paused_upon_creation for dag in dags.values()} == {False}


def test_every_dag_says_whose_it_is_what_it_does_and_can_be_found(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert "dbops" in dag.tags, dag.dag_id
        assert len(dag.tags) > 1, dag.dag_id
        assert len(dag.doc_md) > 200, dag.dag_id
        assert dag.description, dag.dag_id
        assert "airflow" not in dag.owner, dag.dag_id
    assert dags["backup__shop"].owner == "shop-team"
    assert dags["backup__shop"].tags == {"dbops", "backup", "staging"}


def test_the_documentation_names_the_database_and_the_file_to_change(dags: dict[str, Any]) -> None:
    text = dags["backup__shop"].doc_md
    for words in ("**shop**", "`shop`", "s3://backups/shop/", "include/targets/shop.yaml"):
        assert words in text
    assert not re.search(r"\{\w", text)


def test_no_scheduled_dag_runs_twice_at_once_and_none_catches_up_on_the_past(dags: dict[str, Any]) -> None:
    by_hand = {"migrate", "restore"}  # one run waits for an answer, another is for another database
    assert {dag.max_active_runs for dag in dags.values() if dag.dag_id not in by_hand} == {1}
    assert {dag.catchup for dag in dags.values()} == {False}


def test_a_look_at_all_targets_that_hangs_is_not_the_last_one(dags: dict[str, Any]) -> None:
    """Only the scheduler can end it: an exception in the task would wait for the thread that hangs."""
    for dag_id in ("watch", "rehearse"):
        dag = dags[dag_id]
        of_tasks = [task.execution_timeout or timedelta(0) for task in dag.tasks]
        assert dag.dagrun_timeout is not None, dag_id
        assert dag.dagrun_timeout >= timedelta(hours=2), "a busy night and a retry are no reason to end it"
        assert dag.dagrun_timeout > 2 * max(of_tasks) + timedelta(minutes=5), "a try, a wait and a retry"


def test_every_failure_is_retried_first_and_then_told(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.on_failure_callback, dag.dag_id
        for task in dag.tasks:
            assert task.on_failure_callback, task.task_id
            if task.task_type == "ApprovalSensor":
                assert task.retries == 0, "a question that is asked again forgets its answer"
                continue
            assert task.retries >= 1, task.task_id
            assert task.retry_delay >= timedelta(minutes=1), task.task_id


def test_a_backup_is_retried_twice(dags: dict[str, Any]) -> None:
    assert dags["backup__shop"].get_task("back_up").retries == 2


def test_nothing_expires_before_the_new_backup_is_there(dags: dict[str, Any]) -> None:
    assert dags["backup__shop"].get_task("expire").upstream_task_ids == {"back_up"}
    assert dags["backup__shop"].get_task("expire").trigger_rule == "all_success"


def test_a_schedule_runs_in_the_time_zone_of_its_target(dags: dict[str, Any]) -> None:
    shop = dags["backup__shop"].timetable
    assert (shop.expression, str(shop.timezone)) == ("0 2 * * *", "Europe/Vienna")


def test_without_a_schedule_a_backup_only_starts_by_hand(dags: dict[str, Any]) -> None:
    assert dags["backup__blog"].schedule is None


def test_a_new_target_is_backed_up_at_its_next_scheduled_time_not_at_once(dags: dict[str, Any]) -> None:
    from airflow.sdk import timezone
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    timetable = coerce_to_core_timetable(dags["backup__shop"].timetable)
    unrestricted = TimeRestriction(earliest=None, latest=None, catchup=False)
    now = timezone.utcnow()
    first = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=unrestricted)
    assert first is not None
    assert first.run_after >= now


@pytest.mark.parametrize("expression", [*PRESETS, "*/15 1-5 * * mon-fri", "0 2 1 jan,jul *", "0 2 * * 7"])
def test_airflow_follows_every_schedule_that_a_target_file_may_ask_for(expression: str) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    from dbops_airflow.schedules import timetable

    asked = timetable(expression, "Europe/Vienna")
    asked.validate()
    first = coerce_to_core_timetable(cast("Any", asked)).next_dagrun_info(
        last_automated_data_interval=None, restriction=TimeRestriction(earliest=None, latest=None, catchup=False)
    )
    assert first is not None
    assert first.run_after > datetime.now(UTC)


def test_the_trigger_form_offers_a_dry_run_that_is_off(dags: dict[str, Any]) -> None:
    param = dags["backup__shop"].params.get_param("dry_run")
    assert (param.value, param.schema["type"]) == (False, "boolean")
    assert "delete nothing" in param.description


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_the_trigger_form_takes_nothing_but_yes_or_no(dags: dict[str, Any], value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dags["backup__shop"].params.get_param("dry_run").resolve(value)


def test_a_dag_that_did_not_change_is_the_same_dag_at_the_next_parse(
    dags: dict[str, Any], load_dags: Callable[[], Dags]
) -> None:
    """Else Airflow would store a new version of it every thirty seconds."""
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.serialization.serialized_objects import DagSerialization

    fingerprint: Callable[[Any], str] = SerializedDagModel.hash

    def hashes(found: dict[str, Any]) -> dict[str, str]:
        return {dag_id: fingerprint(DagSerialization.to_dict(dag)) for dag_id, dag in found.items()}

    assert hashes(dags) == hashes(load_dags()[0])


def test_a_restore_starts_by_hand_only_and_no_database_is_chosen_beforehand(dags: dict[str, Any]) -> None:
    restore = dags["restore"]
    assert restore.schedule is None
    assert restore.params.get_param("target").value == ""
    assert restore.params.get_param("target").schema["enum"] == ["", "blog", "shop"]
    assert restore.params.get_param("mode").value == "beside"


def test_nothing_becomes_live_without_passing_the_gate(dags: dict[str, Any]) -> None:
    restore = dags["restore"]
    assert restore.get_task("swap").upstream_task_ids == {"approve_swap"}
    assert restore.get_task("restore").upstream_task_ids == {"approve_restore"}
    assert {task.trigger_rule for task in restore.tasks if task.task_id != "report"} == {"all_success"}


def test_a_migration_starts_by_hand_only_and_no_database_is_chosen_beforehand(dags: dict[str, Any]) -> None:
    migrate = dags["migrate"]
    assert migrate.schedule is None
    assert migrate.params.get_param("target").value == ""
    assert migrate.params.get_param("target").schema["enum"] == ["", "blog", "shop"]


def test_nothing_is_migrated_without_passing_the_gate_and_a_fresh_backup(dags: dict[str, Any]) -> None:
    migrate = dags["migrate"]
    assert migrate.get_task("apply").upstream_task_ids == {"back_up"}
    assert migrate.get_task("back_up").upstream_task_ids == {"approve"}
    assert {task.trigger_rule for task in migrate.tasks if task.task_id != "report"} == {"all_success"}
    assert migrate.get_task("report").trigger_rule == "none_failed_min_one_success"
    leaves = {task.task_id for task in migrate.tasks if not task.downstream_task_ids}
    assert leaves == {"approve__said_yes", "migrated", "report"}, "a red step makes a leaf red, and so the run"


def test_every_dag_file_reads_like_a_table_of_contents() -> None:
    for file in (ROOT / "dags").glob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 100, file.name
