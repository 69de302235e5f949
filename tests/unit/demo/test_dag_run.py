from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from rich.console import Console

from demo.airflow_api import AirflowApi
from demo.dag_run import RunFailed, follow, together, wait_for_dag, wait_for_run_after
from demo.display import Display
from demo.errors import DemoError

RUN = "/api/v2/dags/d/dagRuns/r"


def api_that(answer: Callable[[httpx.Request], httpx.Response]) -> AirflowApi:
    def with_token(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        return answer(request)

    return AirflowApi("http://airflow", user="alice", password="pw", transport=httpx.MockTransport(with_token))


def a_run(states: list[str], tasks: list[dict[str, object]], log: list[object]) -> AirflowApi:
    """An Airflow whose run has one state after another, and stays in the last one."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == RUN:
            return httpx.Response(200, json={"state": states.pop(0) if states[1:] else states[0]})
        if path == f"{RUN}/taskInstances":
            return httpx.Response(200, json={"task_instances": tasks})
        assert "/logs/" in path
        return httpx.Response(200, json={"content": log})

    return api_that(answer)


def a_task(state: str) -> dict[str, object]:
    return {"task_id": "back_up", "state": state, "try_number": 1, "start_date": "2026-11-22T02:00:00Z"}


def said_by(api: AirflowApi, *, seconds: float = 10) -> str:
    """What the display shows while the run is followed to its end."""
    shown = io.StringIO()
    for _ in follow(api, "d", "r", Display(Console(file=shown, width=200)), row="backup", seconds=seconds):
        pass
    return shown.getvalue()


def test_a_run_is_followed_to_its_end_and_says_meanwhile_what_it_does() -> None:
    said = said_by(a_run(["queued", "running", "success"], [a_task("running")], ["one", "3 of 9 tables"]))

    assert "backup" in said
    assert "back_up: 3 of 9 tables" in said


@pytest.mark.parametrize(("run", "task"), [("failed", "failed"), ("running", "up_for_retry")])
def test_a_task_that_fails_is_told_at_once_with_its_last_lines(run: str, task: str) -> None:
    log: list[object] = [
        {"event": "::group::Pre Execute"},
        {"event": "Task failed", "error_detail": [{"exc_type": "DumpFailed", "exc_value": "pg_dump ended with 1"}]},
        "Mailed [dbops] FAILED backup of d to dba@example.com",
    ]

    with pytest.raises(RunFailed) as failure:
        said_by(a_run([run], [a_task(task)], log))

    assert "back_up of d failed" in str(failure.value)
    assert "http://airflow/dags/d/runs/r" in str(failure.value)
    assert "::group::" not in str(failure.value)
    assert failure.value.said == "pg_dump ended with 1"


def test_a_run_that_does_not_end_is_left_to_go_on() -> None:
    with pytest.raises(RunFailed, match="has not ended within -1 seconds and goes on"):
        said_by(a_run(["running"], [], []), seconds=-1)


def test_a_dag_that_is_not_there_is_explained_by_the_files_that_cannot_be_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/importErrors":
            error = {"filename": "backup.py", "stack_trace": "Traceback ...\nNameError: name 'x' is not defined\n"}
            return httpx.Response(200, json={"import_errors": [error]})
        return httpx.Response(404)

    with pytest.raises(RunFailed, match=r"backup\.py: NameError: name 'x' is not defined"):
        list(wait_for_dag(api_that(answer), "d", seconds=-1))


def test_a_paused_dag_is_unpaused() -> None:
    sent: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            sent.append(json.loads(request.content))
        return httpx.Response(200, json={"is_paused": True})

    list(wait_for_dag(api_that(answer), "d"))

    assert sent == [{"is_paused": False}]


def started_by(*sources: str | None) -> AirflowApi:
    """An Airflow with a run for each of these: None is queued, and may not be asked what has started it."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/upstreamAssetEvents"):
            source = sources[int(path.split("/")[-2])]
            return httpx.Response(200, json={"asset_events": [{"source_run_id": source}]}) if source else _refused()
        runs = [{"dag_run_id": f"{n}", "state": "running" if one else "queued"} for n, one in enumerate(sources)]
        return httpx.Response(200, json={"dag_runs": runs})

    return api_that(answer)


def _refused() -> httpx.Response:
    return httpx.Response(500)


def test_the_run_that_a_backup_has_started_is_found_among_others() -> None:
    waiting = wait_for_run_after(started_by(None, "other", "mine"), "d", source_run_id="mine")

    with pytest.raises(StopIteration) as end:
        next(waiting)

    assert end.value.value == "2"


def test_a_run_that_never_begins_is_a_sentence() -> None:
    with pytest.raises(RunFailed, match="No run of d has begun within -1 seconds after mine"):
        list(wait_for_run_after(started_by(None, "other"), "d", source_run_id="mine", seconds=-1))


def test_several_are_followed_at_the_same_time_until_all_have_ended() -> None:
    steps: list[str] = []

    def work(name: str, length: int) -> Iterator[None]:
        for number in range(length):
            steps.append(f"{name}{number}")
            yield

    steps.extend("-" for _ in together(work("a", 1), work("b", 3)))

    assert steps == ["a0", "b0", "-", "b1", "-", "b2", "-"]


def test_an_airflow_that_does_not_answer_is_a_sentence() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(DemoError, match="did not answer"):
        api_that(answer).trigger("d")


def test_a_trigger_form_is_filled_in() -> None:
    sent: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"dag_run_id": "r"})

    assert api_that(answer).trigger("d", backup="20261122T020000Z") == "r"
    assert sent == [{"logical_date": None, "conf": {"backup": "20261122T020000Z"}}]


def test_a_task_that_has_returned_nothing_has_no_result() -> None:
    assert api_that(lambda _: httpx.Response(404)).result("d", "r", "t") is None
    assert api_that(lambda _: httpx.Response(200, json={"value": {"verdict": "ok"}})).result("d", "r", "t") == {
        "verdict": "ok"
    }


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
