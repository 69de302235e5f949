"""What people and programs can do, through the REST API, to a run that waits for an approval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.scheduler import said
from tests.e2e.waiting import eventually

TASKS = ("act", "anyway", "last", "one_failed", "none_failed")


def wait_until_parked(stack: RunningStack, run: Run, task_id: str, *, seconds: float, times: int = 1) -> None:
    """Wait until a question can be answered, after it was asked so many ``times``.

    The scheduler hears from the executor a moment after the parking that the task's process has ended. Where an answer
    has come by then, it takes the task for one that was killed, and fails it: a race in Airflow, not in what we test.
    """

    def is_parked() -> bool:
        states = run.states()
        assert not {"failed", "upstream_failed"} & set(states.values()), f"{run.run_id} asks nothing: {states}"
        return states.get(task_id) == "awaiting_input"

    eventually(is_parked, f"the question of {run.run_id}: {run.log(task_id)}", seconds=seconds)
    heard = re.compile(
        rf"Received executor event with state success for task instance TaskInstanceKey\(dag_id='{run.dag_id}', "
        rf"task_id='{task_id}', run_id='{re.escape(run.run_id)}', try_number={run.task(task_id)['try_number']},"
    )
    eventually(lambda: len(heard.findall(said(stack))) >= times, f"the end of the process of {run.run_id}")


@dataclass(frozen=True)
class Asked:
    """A run whose task `question_id` asks about `target`, and the stack it runs in.

    Its record, where it keeps one, lies in `folder` of the target; `patience` is how many seconds we wait for it.
    """

    stack: RunningStack
    run: Run
    target: str
    question_id: str = "approve"
    folder: str = ""
    patience: float = 180.0

    def wait_until_parked(self) -> None:
        wait_until_parked(self.stack, self.run, self.question_id, seconds=self.patience)

    def wait_until_asked_again(self) -> None:
        """Wait until an answer was set aside, and the next one can be given."""
        eventually(
            lambda: self.question()["response_received"] is False and "was set aside" in self.log(self.question_id),
            f"the question of {self.run.run_id} once more",
            seconds=self.patience,
        )
        wait_until_parked(self.stack, self.run, self.question_id, seconds=self.patience, times=2)

    def wait(self, *ends: str) -> str:
        return self.run.wait(*ends, seconds=self.patience)

    def record(self) -> dict[str, Any]:
        """How far it is, as the bucket has it."""
        [record] = self.objects(self.folder).values()
        return dict(record)

    def answer(self, rest: Rest, *options: str, **params: Any) -> httpx.Response:
        return rest.ask(
            "PATCH",
            f"{self.run.path}/taskInstances/{self.question_id}/-1/hitlDetails",
            json={"chosen_options": list(options), "params_input": params},
        )

    def approve(self, rest: Rest, **params: Any) -> None:
        """Say yes the way the form does."""
        given = {"target_name": self.target, "reason": None, **params}
        self.answer(rest, "Approve", **given).raise_for_status()

    def reject(self, rest: Rest, **params: Any) -> None:
        self.answer(rest, "Reject", **params).raise_for_status()

    def question(self) -> dict[str, Any]:
        """What people are shown."""
        return self.run.rest.get(f"{self.run.path}/taskInstances/{self.question_id}/-1/hitlDetails")

    def mark(self, rest: Rest, task_id: str, state: str) -> None:
        path = f"{self.run.path}/taskInstances/{task_id}"
        rest.ask("PATCH", path, json={"new_state": state}).raise_for_status()

    def clear(self, rest: Rest, *task_ids: str, downstream: bool = False) -> None:
        """Let them run again, as the button does; answers when the run is under way again."""
        body = {
            "dry_run": False,
            "dag_run_id": self.run.run_id,
            "task_ids": list(task_ids),
            "only_failed": False,
            "include_downstream": downstream,
        }
        rest.ask("POST", f"dags/{self.run.dag_id}/clearTaskInstances", json=body).raise_for_status()

    def forge_xcom(self, rest: Rest, task_id: str, value: Any) -> None:
        """Write what a task has returned, or would have."""
        path = f"{self.run.path}/taskInstances/{task_id}/xcomEntries"
        if not rest.ask("PATCH", f"{path}/return_value", json={"value": value}).is_success:
            rest.ask("POST", path, json={"key": "return_value", "value": value}).raise_for_status()

    @property
    def root(self) -> str:
        return f"{self.target}/"

    def objects(self, folder: str) -> dict[str, Any]:
        """The JSON objects of this run in a folder of the target, by the rest of their keys."""
        keys = [key for key in self.stack.keys(f"{self.root}{folder}/") if key.endswith(".json")]
        found = {key.rsplit("/", 1)[1]: self.stack.read_json(key) for key in keys}
        return {name: content for name, content in found.items() if content.get("run") == self.run.run_id}

    def audit(self) -> list[str]:
        """What the audit says has happened to this run, in order."""
        return [name.removesuffix(".json").partition("-")[2] for name in sorted(self.objects("audit"))]

    def log(self, task_id: str) -> str:
        """Of its last attempt."""
        return self.run.log(task_id, self.run.task(task_id)["try_number"] or 1)


@dataclass(frozen=True)
class Gate(Asked):
    """One run of dags/gate.py."""

    @classmethod
    def ask(cls, stack: RunningStack, rest: Rest, target: str = "gated", **conf: Any) -> Gate:
        """Trigger a run and wait until it waits for its answer."""
        gate = cls.trigger(stack, rest, target, **conf)
        gate.wait_until_parked()
        return gate

    @classmethod
    def trigger(cls, stack: RunningStack, rest: Rest, target: str = "gated", **conf: Any) -> Gate:
        return cls(stack, rest.trigger("gate", target=target, **conf), target)

    def change_the_world(self, text: str) -> None:
        (self.stack.include / "world" / self.target).write_text(text, encoding="utf-8")

    def hold(self, place: str) -> None:
        """Keep the task that judges from going on: ``judging``, with its verdict in mind, or ``judged``, on record."""
        self._held(place).touch()

    def wait_until_held(self, place: str) -> int:
        """The process that is held there by now."""
        held = self._held(place)
        return int(eventually(held.read_text, f"{self.run.run_id} {place}"))

    def let_go(self, place: str) -> None:
        self._held(place).unlink()

    def _held(self, place: str) -> Path:
        return self.stack.include / "held" / f"{self.run.run_id}-{place}"

    def done(self) -> set[str]:
        """The tasks that have really done something."""
        return {task for task in TASKS if f"{self.root}done/{task}-{self.run.run_id}" in self.stack.keys(self.root)}

    def wait_red(self, *words: str) -> None:
        """Wait for the run's red end, at which nothing has been done and the log of the gate says why."""
        self.run.wait("failed")
        assert self.run.task("approve")["state"] == "failed"
        assert self.run.task("approve")["try_number"] == 1
        assert self.done() == set()
        log = self.log("approve")
        for word in words:
            assert word in log
