"""Airflow's scheduler is killed while backups, a restore and questions are under way: nothing is lost, or done twice.

First it alone is killed, and what it had started goes on; then that is killed too, and a new scheduler is started.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.gate import Gate
from tests.e2e.heavy import Begun, must_be_whole, nothing_runs
from tests.e2e.held_dump import holding_dumps, is_held
from tests.e2e.orders import ROWS, Orders
from tests.e2e.rest import Rest, Run
from tests.e2e.restore_run import Restore
from tests.e2e.running_stack import RunningStack
from tests.e2e.scheduler import Scheduler
from tests.e2e.targets import HELD, SLOWLY, write_target
from tests.e2e.waiting import eventually

_PATIENCE = 180.0  # seconds: everything is started at once, on a small machine


@dataclass(frozen=True)
class Survivors:
    """What was under way: some of it ended while there was no scheduler, some was killed after it, some waited."""

    outlasting: Run
    killed: Begun
    restore: Restore
    answered: Gate
    waiting: Gate
    gone: Collection[int]
    """The processes that were killed."""


@pytest.fixture(scope="module")
def survivors(stack: RunningStack, scheduler: Scheduler, alice: Rest, bob: Rest) -> Survivors:
    """What alice has started before the scheduler was killed, and a new scheduler that goes on with it."""
    orders = Orders(stack, HELD)
    orders.back_up()
    orders.tell("DELETE FROM orders")
    live = orders.databases()
    write_target(stack.include, "heavy", backup={**SLOWLY, "bandwidth_limit": "128KiB"})
    before = stack.uploads("heavy/")
    with ExitStack() as absence:
        with orders.holding_loads():
            answered, waiting = (replace(Gate.trigger(stack, alice), patience=_PATIENCE) for _ in range(2))
            restore = Restore.trigger(stack, alice, HELD, mode="swap")
            for gate in (answered, waiting):
                gate.wait_until_parked()
            with holding_dumps(stack.demo.postgres):
                outlasting, killed = alice.trigger("backup__outlasting"), alice.trigger("backup__heavy")
                eventually(lambda: is_held(stack.demo.postgres), "a pg_dump that is held", seconds=_PATIENCE)
                begun = Begun.when_it_uploads(stack, killed, before, seconds=_PATIENCE)
                eventually(orders.is_loading, "a restore that loads", seconds=_PATIENCE)
                absence.enter_context(scheduler.killed())
            answered.approve(bob)
            assert answered.answer(bob, "Approve", target_name="gated").status_code == 409, "it counts once"
            eventually(lambda: outlasting.states()["back_up"] == "success", "the end of what had begun before")

            gone = scheduler.kill_what_it_left()
            assert f"{begun.folder}manifest.json" not in stack.keys(begun.folder)
            assert _spools(gone), "what a killed backup cannot remove"
            assert live.items() <= orders.databases().items()
        nothing_runs(stack)
        eventually(lambda: stack.sessions(restore.record()["database"]) == 0, "the end of the load on the server")
        assert {outlasting.states()["expire"], answered.run.states()["act"]} == {None}, "nobody goes on with a run"
        write_target(stack.include, "heavy")
    return Survivors(outlasting, begun, restore, answered, waiting, gone)


def test_a_backup_outlasts_the_scheduler_that_began_it(stack: RunningStack, survivors: Survivors) -> None:
    run = survivors.outlasting
    run.wait("success")
    assert run.task("back_up")["try_number"] == 1
    [manifest] = [key for key in stack.keys("outlasting/backups/") if key.endswith("/manifest.json")]
    assert run.xcoms("back_up")["return_value"] in manifest
    assert stack.mails(run.run_id) == []


def test_an_answer_that_was_given_while_there_was_none_counts_once(survivors: Survivors) -> None:
    _acts_once(survivors.answered)


def test_a_question_outlasts_it_and_its_answer_counts_once(survivors: Survivors, bob: Rest) -> None:
    gate = survivors.waiting
    assert gate.run.task("approve")["state"] == "awaiting_input"
    assert "The world is **as it was**" in gate.question()["body"]
    gate.approve(bob)
    assert gate.answer(bob, "Approve", target_name="gated").status_code == 409
    _acts_once(gate)


def test_a_backup_that_was_killed_with_it_is_made_again_by_its_own_run_without_a_mail(
    stack: RunningStack, survivors: Survivors
) -> None:
    backup = survivors.killed
    backup.run.wait("success")
    assert backup.run.task("back_up")["try_number"] == 2
    must_be_whole(stack, backup.run)
    assert f"{backup.folder}manifest.json" not in stack.keys(backup.folder)
    assert stack.mails(backup.run.run_id) == []


def test_a_restore_that_was_killed_with_it_is_loaded_anew_and_swapped_once(
    stack: RunningStack, survivors: Survivors, bob: Rest
) -> None:
    restore = survivors.restore
    restore.wait_until_parked()
    assert restore.run.task("restore")["try_number"] == 2
    restore.approve(bob)
    restore.wait("success")
    record = restore.record()
    assert restore.orders.databases() == {HELD: record["oid"], record["before"]: record["live_oid"]}
    assert (restore.orders.rows(), restore.orders.rows(record["before"])) == (ROWS, 0)
    asked, approved, consumed = (f"approval-{word}" for word in ("asked", "approved", "consumed"))
    assert restore.audit() == ["restore", asked, approved, consumed, "swap"]
    assert [mail["Subject"].split()[1] for mail in stack.mails(restore.run.run_id)] == ["APPROVAL", "APPROVED", "DONE"]


def test_nothing_is_left_of_what_was_killed(stack: RunningStack, survivors: Survivors) -> None:
    survivors.killed.run.wait("success")
    survivors.restore.wait("success")
    assert _spools(survivors.gone) == []
    nothing_runs(stack)
    assert stack.uploads("") == []
    with closing(stack.demo.api()) as api:
        assert api.unhealthy_parts() == []


def _acts_once(gate: Gate) -> None:
    gate.run.wait("success")
    assert [gate.run.task(task)["try_number"] for task in ("approve", "act")] == [1, 1]
    assert gate.audit() == ["approval-asked", "approval-approved", "approval-consumed"]
    assert "act" in gate.done()


def _spools(pids: Collection[int]) -> list[Path]:
    """What these processes have left in the folder for spools."""
    return [left for pid in pids for left in Path(tempfile.gettempdir()).glob(f"dbops-*-{pid}-*")]
