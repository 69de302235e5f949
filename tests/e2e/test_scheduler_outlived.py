"""Tasks outlive Airflow's scheduler, which was killed, and the next one is started beside them: nothing is done twice.

One loads a restore. The others judge an answer in that second: what they judge counts once, or is asked anew.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace

import pytest

from tests.e2e.gate import Gate
from tests.e2e.orders import Orders
from tests.e2e.rest import Rest
from tests.e2e.restore_run import Restore
from tests.e2e.running_stack import RunningStack
from tests.e2e.scheduler import Scheduler
from tests.e2e.targets import OUTLIVING
from tests.e2e.waiting import eventually
from tests.processes import parent_of

_PATIENCE = 180.0  # seconds: everything is started at once, on a small machine


@dataclass(frozen=True)
class Outlived:
    """What was under way, and what became of the tasks; bob had said yes to each question."""

    goes_on: Gate
    """Went on to judge while there was no scheduler."""
    killed: Gate
    """Was killed with its verdict in mind."""
    killed_later: Gate
    """Was killed with its verdict on record, and before Airflow heard of it."""
    goes_on_beside: Gate
    """Wrote its yes down after the next scheduler had asked anew."""
    restore: Restore
    """Loaded, and loads anew."""
    most_loads: int
    """How many loads of it there were at once."""


@pytest.fixture(scope="module")
def outlived(stack: RunningStack, scheduler: Scheduler, alice: Rest, bob: Rest) -> Outlived:
    """What alice has started before the scheduler was killed, and a new scheduler that was started beside it."""
    orders = Orders(stack, OUTLIVING)
    orders.back_up()
    orders.tell("DELETE FROM orders")
    with orders.holding_loads():
        gates = [replace(Gate.trigger(stack, alice), patience=_PATIENCE) for _ in range(4)]
        goes_on, killed, killed_later, beside = gates
        restore = Restore.trigger(stack, alice, OUTLIVING, mode="swap")
        places = dict(zip(gates, ("judging", "judging", "judged", "judging"), strict=True))
        for gate, place in places.items():
            gate.wait_until_parked()
            gate.hold(place)
            gate.approve(bob)
        judges = {gate: gate.wait_until_held(place) for gate, place in places.items()}
        eventually(orders.is_loading, "a restore that loads", seconds=_PATIENCE)
        with scheduler.killed(between_transactions=True):
            goes_on.let_go("judging")
            eventually(lambda: goes_on.run.states()["approve"] == "success", "the end of what went on to judge")
            for gate in (killed, killed_later):
                _kill(judges[gate])
                gate.let_go(places[gate])
            # It does not hear that it was taken for dead: as on a machine that is paused, or out of reach.
            os.kill(parent_of(judges[beside]), signal.SIGSTOP)
            first = orders.loads()
            scheduler.start()
            most_loads = _most_loads_until_another(orders, first)
            beside.wait_until_parked()
            beside.let_go("judging")
            eventually(lambda: beside.objects("approvals"), "the yes of what went on beside the new scheduler")
    return Outlived(goes_on, killed, killed_later, beside, restore, most_loads)


def test_what_goes_on_to_judge_without_a_scheduler_has_judged(stack: RunningStack, outlived: Outlived) -> None:
    _acts_once(outlived.goes_on)
    assert _mailed(stack, outlived.goes_on) == ["APPROVAL", "APPROVED"]


def test_an_answer_that_was_not_yet_judged_is_asked_for_anew(
    stack: RunningStack, outlived: Outlived, bob: Rest
) -> None:
    gate = outlived.killed
    gate.wait_until_parked()
    assert gate.objects("approvals") == {}
    assert gate.done() == set()
    gate.approve(bob)
    _acts_once(gate, "approval-asked", tries=2)
    assert _mailed(stack, gate) == ["APPROVAL", "APPROVAL", "APPROVED"]


def test_a_yes_that_was_on_record_counts_though_airflow_had_not_heard_of_it(
    stack: RunningStack, outlived: Outlived
) -> None:
    _acts_once(outlived.killed_later, tries=2)
    assert _mailed(stack, outlived.killed_later) == ["APPROVAL", "APPROVED", "APPROVED"]


def test_a_yes_that_is_written_down_after_the_question_was_asked_anew_does_not_outlast_the_no_to_that(
    outlived: Outlived, bob: Rest, alice: Rest
) -> None:
    gate = outlived.goes_on_beside
    assert gate.run.states()["approve"] == "awaiting_input", "nobody acts upon it"
    gate.reject(bob, reason="not twice")
    gate.wait("failed")
    assert "REJECTED: the swap of gated does not take place: bob said no: not twice" in gate.log("approve")
    gate.mark(alice, "approve", "success")
    gate.clear(alice, "act")
    gate.wait("failed")
    assert "has already been used: it counts only once" in gate.log("act")
    assert "act" not in gate.done()


def test_a_restore_that_still_loads_is_ended_before_the_same_run_loads_anew(
    stack: RunningStack, outlived: Outlived, bob: Rest
) -> None:
    restore = outlived.restore
    assert outlived.most_loads == 1
    restore.wait_until_parked()
    assert restore.run.task("restore")["try_number"] == 2
    assert "the task shouldn't be running anymore" in restore.run.log("restore", 1)
    restore.nothing_is_swapped()
    restore.reject(bob)
    restore.wait_red("approve_swap", "REJECTED")
    assert _mailed(stack, restore) == ["APPROVAL", "REJECTED"]


def _kill(task: int) -> None:
    """Kill -9 of a task's process and of the one that would tell Airflow of its end."""
    for pid in (parent_of(task), task):
        os.kill(pid, signal.SIGKILL)


def _most_loads_until_another(orders: Orders, first: set[int]) -> int:
    seen = [first]

    def is_another() -> bool:
        seen.append(orders.loads())
        return bool(seen[-1] - first)

    eventually(is_another, "a load by the next try", seconds=_PATIENCE)
    return max(map(len, seen))


def _acts_once(gate: Gate, *asked_before: str, tries: int = 1) -> None:
    gate.wait("success")
    assert [gate.run.task(task)["try_number"] for task in ("approve", "act")] == [tries, 1]
    assert gate.audit() == [*asked_before, "approval-asked", "approval-approved", "approval-consumed"]
    assert "act" in gate.done()


def _mailed(stack: RunningStack, asked: Gate | Restore) -> list[str]:
    return [mail["Subject"].split()[1] for mail in stack.mails(asked.run.run_id)]
