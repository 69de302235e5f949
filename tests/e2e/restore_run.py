"""Runs of the DAG restore, over the databases of orders.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.e2e.gate import Asked
from tests.e2e.orders import ROWS, Orders
from tests.e2e.rest import Rest
from tests.e2e.running_stack import RunningStack


@dataclass(frozen=True)
class Restore(Asked):
    """One run of the DAG restore: six steps, and other restores at the same time, come before its question."""

    question_id: str = "approve_swap"
    folder: str = "restores"
    patience: float = 300.0

    @classmethod
    def trigger(cls, stack: RunningStack, rest: Rest, target: str, **conf: Any) -> Restore:
        return cls(stack, rest.trigger("restore", target=target, **conf), target)

    @property
    def orders(self) -> Orders:
        return Orders(self.stack, self.target)

    def wait_red(self, task_id: str, *words: str) -> None:
        """Wait for the run's red end, by that task, whose log says why; nothing live has changed."""
        self.wait("failed")
        assert self.run.task(task_id)["state"] == "failed"
        log = self.log(task_id)
        for word in words:
            assert word in log
        self.nothing_is_swapped()

    def nothing_is_swapped(self) -> None:
        """The live database is what it was, and the restored one stands beside it."""
        record, databases = self.record(), self.orders.databases()
        assert databases == {self.target: record["live_oid"], record["database"]: record["oid"]}
        assert (record["state"], record["swapped"]) == ("verified", None)
        assert self.orders.rows() == 0
        assert self.orders.rows(record["database"]) == ROWS
        assert "swap" not in self.audit()
