"""A drill that nobody asked for: the arrival of a backup starts it, and its verdict lies beside the backup."""

from __future__ import annotations

import pytest

from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.waiting import eventually


@pytest.fixture(scope="module")
def drilled(stack: RunningStack, alice: Rest) -> tuple[str, Run]:
    """The id of a new backup, and the run of the drill that its arrival has started."""
    backup = alice.trigger("backup__drilled")
    backup.wait("success")
    drill = eventually(lambda: first_run(alice, "drill__drilled"), "a drill begins when the backup has arrived")
    drill.wait("success")
    return str(backup.xcoms("back_up")["return_value"]), drill


def first_run(rest: Rest, dag_id: str) -> Run | None:
    runs = rest.get(f"dags/{dag_id}/dagRuns", order_by="run_after", limit=1)["dag_runs"]
    return Run(rest, runs[0]) if runs else None


def test_the_arrival_of_a_backup_starts_its_drill(alice: Rest, drilled: tuple[str, Run]) -> None:
    backup_id, drill = drilled
    assert alice.get(drill.path)["run_type"] == "asset_triggered"
    assert drill.xcoms("drill")["return_value"] == backup_id


def test_the_verdict_lies_in_the_bucket_and_says_how_long_a_recovery_takes(
    stack: RunningStack, drilled: tuple[str, Run]
) -> None:
    backup_id, drill = drilled
    manifest = stack.read_json(f"drilled/backups/{backup_id}/manifest.json")
    proof = stack.read_json(f"drilled/verifications/{backup_id}.json")
    assert (proof["ok"], proof["kind"], proof["run"]) == (True, "drill", drill.run_id)
    assert proof["rows"] == sum(table["rows"] or 0 for table in manifest["tables"])
    assert proof["load_seconds"] > 0
    assert [finding for finding in proof["findings"] if finding["severity"] == "error"] == []


def test_the_task_log_says_what_was_proven_and_no_secret(stack: RunningStack, drilled: tuple[str, Run]) -> None:
    backup_id, drill = drilled
    log = drill.log("drill")
    assert f"Backup {backup_id} of drilled is proven: 9 tables, " in log
    assert [secret for secret in stack.secrets() if secret in log] == []


def test_a_drill_that_is_asked_for_again_without_need_does_nothing(alice: Rest, drilled: tuple[str, Run]) -> None:
    again = alice.trigger("drill__drilled")
    again.wait("success")
    assert "the newest backup has its verdict" in again.log("drill")
