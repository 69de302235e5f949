"""A night of jobs, on an Airflow and a bucket that only answer; tests/e2e/test_demo.py has one on the real things."""

from __future__ import annotations

import io
import re
from typing import Any, cast

import httpx
import pytest
from rich.console import Console

from dbops.domain.backups.backup import BackupId
from demo import dag_run
from demo.airflow_api import AirflowApi
from demo.dag_run import RunFailed, play
from demo.display import Display
from demo.night import CHECKS, DRILL, Night
from demo.records import Records
from tests.unit.samples import manifest, verification

ID = BackupId("20261122T020000Z")
TASKS = {
    "backup__summary_app": ("back_up", ID),
    "drill__summary_app": ("drill", ID),
    "check__summary_app": ("check", {"verdict": "warning", "passed": 137, "failed": 2, "could not evaluate": 0}),
    "probe__summary_app": ("probe", {"verdict": "ok", "operations": 16, "failed": 0, "slower": 0, "over budget": 0}),
    "watch": ("watch", None),
}
"""By DAG, its task and what that returns."""


class Airflow:
    """An Airflow that knows every DAG; all runs succeed at once, but for those of the DAGs that are `red`."""

    def __init__(self, *red: str) -> None:
        self.triggered: list[str] = []
        self._red = red

    def api(self) -> AirflowApi:
        return AirflowApi("http://airflow", user="alice", password="pw", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v2/dags/").split("/")
        match path:
            case ["", "auth", "token"]:
                return httpx.Response(201, json={"access_token": "t"})
            case [_]:
                return httpx.Response(200, json={"is_paused": False})
            case [dag_id, "dagRuns"] if request.method == "POST":
                self.triggered.append(dag_id)
                return httpx.Response(200, json={"dag_run_id": f"run of {dag_id}"})
            case _:
                return httpx.Response(200, json=self._of_run(*path))

    def _of_run(self, dag_id: str, *path: str) -> dict[str, Any]:
        task, result = TASKS[dag_id]
        match path[1:]:
            case []:
                return {"dag_runs": [{"dag_run_id": "by asset", "state": "running"}]}
            case [_]:
                return {"state": self._state(dag_id)}
            case [_, "upstreamAssetEvents"]:
                return {"asset_events": [{"source_run_id": "run of backup__summary_app"}]}
            case [_, "taskInstances"]:
                return {"task_instances": [{"task_id": task, "state": self._state(dag_id), "try_number": 1}]}
            case [_, "taskInstances", _, "logs", _]:
                return {"content": ["Every promise of 1 target is kept.", f"JobRefused: {dag_id} is red."]}
            case _:
                return {"value": result}

    def _state(self, dag_id: str) -> str:
        return "failed" if dag_id in self._red else "success"


class Bucket:
    """The calls of an S3 client that records are read with."""

    class exceptions:  # noqa: N801 - boto3's own name
        class NoSuchKey(Exception):
            pass

    def __init__(self) -> None:
        proof = verification(ID, of="summary_app")
        self._objects = {
            f"summary_app/backups/{ID}/manifest.json": manifest(ID, of="summary_app").to_json(),
            f"summary_app/verifications/{ID}.json": proof.to_json(),
        }

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: ARG002, N803 - boto3's own names
        return [{"Contents": [{"Key": key}]} for key in self._objects if key.startswith(Prefix)] or [{}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        return {"Body": io.BytesIO(self._objects[Key])}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dag_run, "_LOOK_EVERY", 0)


def a_night(airflow: Airflow) -> tuple[Night, str]:
    """A whole one, and what was shown."""
    shown = io.StringIO()
    records = Records(cast("Any", Bucket()), bucket="b", folder="summary_app")
    with Display(Console(file=shown, width=200)) as display:
        night = Night(airflow.api(), records, display)
        play(night.whole())
    return night, re.sub(r" \([\d.]+ s\) ", "", shown.getvalue())


def test_every_job_is_run_once_and_the_drill_is_the_one_that_the_backup_has_started() -> None:
    airflow = Airflow()

    night, shown = a_night(airflow)

    assert sorted(airflow.triggered) == sorted(set(TASKS) - {"drill__summary_app"})
    assert night.runs[DRILL] == "by asset"
    for row in (
        f"✓ backup {ID}: 500 rows of 1 table, 1,000 bytes in 2 files, in 300.0 s",
        f"✓ drill {ID} is proven: recovery took 3.0 s, 500 rows of 1 table compared",
        "! checks 137 rules passed, 2 warnings",
        "✓ probes 16 of 16 operations within budget",
        "✓ watch Every promise of 1 target is kept.",
    ):
        assert row in shown
    night.require_success()


def test_a_red_job_does_not_keep_the_others_from_running_and_makes_the_night_red() -> None:
    airflow = Airflow("check__summary_app")

    night, shown = a_night(airflow)

    assert set(airflow.triggered) == set(TASKS) - {"drill__summary_app"}
    assert "✗ checks check__summary_app is red." in shown
    assert night.failed_runs == [night.runs[CHECKS]]
    with pytest.raises(RunFailed, match="The task check of check__summary_app failed"):
        night.require_success()


def test_without_a_backup_there_is_no_drill() -> None:
    night, shown = a_night(Airflow("backup__summary_app"))

    assert DRILL not in night.runs
    assert "✗ drill there is no new backup" in shown
