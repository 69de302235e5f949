"""Airflow's REST API, as far as the demo needs it."""

from __future__ import annotations

from typing import Any

import httpx

from demo.errors import DemoError

_PATIENCE = 90  # seconds for an answer: jobs and API share a small machine
_HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")


class AirflowApi:
    """The API of one Airflow, used as one of its users."""

    def __init__(self, url: str, *, user: str, password: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self._user = user
        self._password = password
        # trust_env: a proxy for the outside world must not be asked for 127.0.0.1.
        self._client = httpx.Client(base_url=url, timeout=_PATIENCE, trust_env=False, transport=transport)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def unhealthy_parts(self) -> list[str]:
        """The parts of Airflow that do not (yet) report themselves healthy; ["API server"] when nothing answers."""
        try:
            answer = self._client.get("/api/v2/monitor/health", timeout=5)
            answer.raise_for_status()
            parts = answer.json()
        except (httpx.HTTPError, ValueError):
            return ["API server"]
        return [part.replace("_", " ") for part in _HEALTHY if parts.get(part, {}).get("status") != "healthy"]

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """The DAG; None while Airflow does not know it."""
        answer = self._request("GET", f"/api/v2/dags/{dag_id}", allowed=(404,))
        return None if answer.status_code == httpx.codes.NOT_FOUND else _object(answer)

    def import_errors(self) -> list[str]:
        """What keeps DAG files from being read: "file: last line of the traceback" each."""
        found = _object(self._request("GET", "/api/v2/importErrors"))["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in found]

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run it."""
        self._request("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Start a run, its trigger form filled in with `conf`; its id."""
        asked = {"logical_date": None, "conf": conf}
        return str(_object(self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=asked))["dag_run_id"])

    def run_started_by(self, dag_id: str, *, source_run_id: str) -> str | None:
        """The run of `dag_id` that an asset made by the run `source_run_id` has started; None while there is none."""
        runs = f"/api/v2/dags/{dag_id}/dagRuns"
        newest = {"run_type": "asset_triggered", "order_by": "-run_after", "limit": 10}
        for run in _object(self._request("GET", runs, params=newest))["dag_runs"]:
            if run["state"] == "queued":  # Airflow cannot yet say what has started it: its answer would be a 500
                continue
            events = _object(self._request("GET", f"{runs}/{run['dag_run_id']}/upstreamAssetEvents"))["asset_events"]
            if any(event["source_run_id"] == source_run_id for event in events):
                return str(run["dag_run_id"])
        return None

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(_object(self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"))["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's tasks: task_id, state, try_number, start_date, ..."""
        answer = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return list(_object(answer)["task_instances"])

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What the task has returned; None where it has returned nothing."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self._request("GET", path, allowed=(404,))
        return None if answer.status_code == httpx.codes.NOT_FOUND else _object(answer)["value"]

    def log_lines(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[str]:
        """What a task has logged so far, without its grouping marks; empty while there is nothing to read."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self._request(
            "GET", path, params={"full_content": "true"}, headers={"Accept": "application/json"}, allowed=(404,)
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        lines = [line for entry in _object(answer)["content"] for line in _lines(entry)]
        return [line for line in lines if line.strip() and not line.startswith("::")]

    def run_url(self, dag_id: str, run_id: str) -> str:
        """Where a person looks at the run."""
        return f"{self.url}/dags/{dag_id}/runs/{run_id}"

    def _request(self, method: str, path: str, *, allowed: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        try:
            if "Authorization" not in self._client.headers:
                self._log_in()
            answer = self._client.request(method, path, **options)
            if answer.status_code == httpx.codes.UNAUTHORIZED:  # the token has run out
                self._log_in()
                answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise DemoError(
                f"Airflow at {self.url} did not answer ({type(error).__name__}): "
                f"`make demo-status` shows what runs, .demo/logs/airflow.log what it said."
            ) from error
        if answer.is_error and answer.status_code not in allowed:
            raise DemoError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer

    def _log_in(self) -> None:
        answer = self._client.post("/auth/token", json={"username": self._user, "password": self._password})
        if answer.status_code != httpx.codes.CREATED:
            raise DemoError(
                f"Airflow at {self.url} does not accept the generated password of {self._user} "
                f"({answer.status_code}): `make demo-stop`, then `make demo`."
            )
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _lines(entry: str | dict[str, Any]) -> list[str]:
    if isinstance(entry, str):
        return entry.splitlines()
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail") or []]
    return "\n".join([str(entry.get("event", "")), *errors]).splitlines()


def _object(answer: httpx.Response) -> dict[str, Any]:
    content: dict[str, Any] = answer.json()
    return content
