"""Airflow's REST API as the tests use it; a refusal is an answer to look at, not an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.e2e.waiting import eventually


class Rest:
    """The API as one user."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=90, trust_env=False)
        answer = self._client.post("/auth/token", json={"username": user, "password": password})
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._client.request(method, f"/api/v2/{path}", **options)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.ask("GET", path, params=params)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def page(self, path: str) -> str:
        """The HTML of dbops' own page at that path."""
        answer = self._client.get(f"/database_ops/{path}")
        answer.raise_for_status()
        return answer.text

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self.get("dags", limit=100)["dags"]}

    def pause(self, dag_id: str, is_paused: bool) -> None:
        self.ask("PATCH", f"dags/{dag_id}", json={"is_paused": is_paused}).raise_for_status()

    def import_errors(self) -> list[dict[str, Any]]:
        return list(self.get("importErrors")["import_errors"])

    def trigger(self, dag_id: str, **conf: Any) -> Run:
        answer = self.ask("POST", f"dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        answer.raise_for_status()
        return Run(self, answer.json())

    def newest_run(self, dag_id: str) -> Run:
        return Run(self, self.get(f"dags/{dag_id}/dagRuns", order_by="-run_after", limit=1)["dag_runs"][0])


class Run:
    """One run of a DAG."""

    def __init__(self, rest: Rest, known: dict[str, Any]) -> None:
        self.rest = rest
        self.dag_id: str = known["dag_id"]
        self.run_id: str = known["dag_run_id"]
        self.triggered: str = known["run_after"]
        self.path = f"dags/{self.dag_id}/dagRuns/{self.run_id}"

    @property
    def state(self) -> str:
        return str(self.rest.get(self.path)["state"])

    def task(self, task_id: str) -> dict[str, Any]:
        return self.rest.get(f"{self.path}/taskInstances/{task_id}")

    def states(self) -> dict[str, str]:
        found = self.rest.get(f"{self.path}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in found}

    def mark(self, state: str) -> None:
        """Mark the whole run, as its page's button does."""
        self.rest.ask("PATCH", self.path, json={"state": state}).raise_for_status()

    def xcoms(self, task_id: str) -> dict[str, Any]:
        path = f"{self.path}/taskInstances/{task_id}/xcomEntries"
        keys = [entry["key"] for entry in self.rest.get(path)["xcom_entries"]]
        return {key: self.rest.get(f"{path}/{key}")["value"] for key in keys}

    def log(self, task_id: str, attempt: int = 1) -> str:
        """What the task has logged in that attempt, an event a line with everything Airflow shows of it."""
        path = f"{self.path}/taskInstances/{task_id}/logs/{attempt}"
        answer = self.rest.ask("GET", path, params={"full_content": "true"}, headers={"Accept": "application/json"})
        return "\n".join(_told(answer.json()["content"])) if answer.is_success else ""

    def wait(self, *ends: str, seconds: float = 300.0) -> str:
        """Wait for one of these ends (by default any) and return it; the test fails where the run ends otherwise."""
        state = eventually(
            lambda: state if (state := self.state) in {"success", "failed"} else None,
            f"the end of {self.dag_id} {self.run_id} (now {self.states()})",
            seconds=seconds,
        )
        if ends and state not in ends:
            logs = "\n".join(self.log(task, self.task(task)["try_number"] or 1) for task in self.states())
            raise AssertionError(f"{self.dag_id} ended as {state} {self.states()}, its logs:\n{logs}")
        return state


def _told(content: list[Any]) -> Iterator[str]:
    for entry in content:
        if isinstance(entry, str):
            yield entry
            continue
        yield str(entry.pop("event", ""))
        if entry.get("error_detail"):
            yield json.dumps(entry["error_detail"])
