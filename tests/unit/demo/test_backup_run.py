from __future__ import annotations

import io
import json
from collections.abc import Callable

import httpx
import pytest
from rich.console import Console

from demo.airflow_api import AirflowApi
from demo.backup_run import RunFailed, run_to_its_end, wait_for_dag
from demo.display import Display
from demo.errors import DemoError

RUN = "/api/v2/dags/d/dagRuns/r"


def api_that(answer: Callable[[httpx.Request], httpx.Response]) -> AirflowApi:
    def with_token(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        return answer(request)

    return AirflowApi("http://airflow", user="alice", password="pw", transport=httpx.MockTransport(with_token))


def a_run(state: str, tasks: list[dict[str, object]], log: list[object]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST":
            return httpx.Response(200, json={"dag_run_id": "r"})
        if path == RUN:
            return httpx.Response(200, json={"state": state})
        if path == f"{RUN}/taskInstances":
            return httpx.Response(200, json={"task_instances": tasks})
        assert "/logs/" in path
        return httpx.Response(200, json={"content": log})

    return answer


def a_task(state: str) -> dict[str, object]:
    return {"task_id": "back_up", "state": state, "try_number": 1, "start_date": "2026-11-22T02:00:00Z"}


def silent() -> Display:
    return Display(Console(file=io.StringIO()))


def test_a_run_that_succeeds_is_followed_to_its_end() -> None:
    api = api_that(a_run("success", [a_task("success")], []))

    assert run_to_its_end(api, "d", silent(), seconds=1) == "r"


@pytest.mark.parametrize(("run", "task"), [("failed", "failed"), ("running", "up_for_retry")])
def test_a_task_that_fails_is_told_at_once_with_its_last_lines(run: str, task: str) -> None:
    log: list[object] = [
        {"event": "::group::Pre Execute"},
        {"event": "Task failed", "error_detail": [{"exc_type": "DumpFailed", "exc_value": "pg_dump ended with 1"}]},
    ]

    with pytest.raises(RunFailed) as failure:
        run_to_its_end(api_that(a_run(run, [a_task(task)], log)), "d", silent(), seconds=1)

    assert "back_up of d failed" in str(failure.value)
    assert "DumpFailed: pg_dump ended with 1" in str(failure.value)
    assert "http://airflow/dags/d/runs/r" in str(failure.value)
    assert "::group::" not in str(failure.value)


def test_a_dag_that_is_not_there_is_explained_by_the_files_that_cannot_be_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/importErrors":
            error = {"filename": "backup.py", "stack_trace": "Traceback ...\nNameError: name 'x' is not defined\n"}
            return httpx.Response(200, json={"import_errors": [error]})
        return httpx.Response(404)

    with pytest.raises(RunFailed, match=r"backup\.py: NameError: name 'x' is not defined"):
        wait_for_dag(api_that(answer), "d", seconds=-1)


def test_a_paused_dag_is_unpaused() -> None:
    sent: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            sent.append(json.loads(request.content))
        return httpx.Response(200, json={"is_paused": True})

    wait_for_dag(api_that(answer), "d", seconds=1)

    assert sent == [{"is_paused": False}]


def test_an_airflow_that_does_not_answer_is_a_sentence() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(DemoError, match="did not answer"):
        api_that(answer).trigger("d")


@pytest.mark.parametrize(
    ("parts", "unhealthy"),
    [
        ({"metadatabase": "healthy", "scheduler": "healthy", "dag_processor": "healthy", "triggerer": "healthy"}, []),
        (
            {"metadatabase": "healthy", "scheduler": None, "dag_processor": "unhealthy"},
            ["scheduler", "dag processor", "triggerer"],
        ),
    ],
)
def test_airflow_is_healthy_when_all_of_its_parts_are(parts: dict[str, str | None], unhealthy: list[str]) -> None:
    health = {part: {"status": status} for part, status in parts.items()}

    assert api_that(lambda _: httpx.Response(200, json=health)).unhealthy_parts() == unhealthy


def test_an_airflow_that_does_not_answer_yet_is_not_healthy() -> None:
    assert api_that(lambda _: httpx.Response(502)).unhealthy_parts() == ["API server"]
