"""The watch: what did not happen is mailed, once."""

from __future__ import annotations

from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack


def test_a_target_that_never_had_a_backup_is_mailed_once_with_its_paused_dag(stack: RunningStack, alice: Rest) -> None:
    alice.pause("backup__neglected", is_paused=True)
    first, second = alice.trigger("watch"), alice.trigger("watch")
    for run in (first, second):
        run.wait("success")
        assert "There is no good backup of neglected at all." in run.log("watch")
        assert "backup__neglected is paused" in run.log("watch")

    # Over all watches, for the hourly one may come in between.
    assert len(stack.mails("There is no good backup of neglected at all.")) == 1
    assert len(stack.mails("backup__neglected is paused in Airflow")) == 1
    assert stack.mails("There is no good backup of neglected")[0]["Subject"] == (
        "[dbops] MISSING backup of neglected (production)"
    )
    assert "Mailed [dbops] MISSING backup of neglected" not in second.log("watch")


def test_the_watch_rebuilds_the_index_from_what_the_bucket_holds(
    stack: RunningStack, alice: Rest, backed_up: Run
) -> None:
    alice.trigger("watch").wait("success")
    index = stack.read_json("_indexes/summary_app.json")
    assert backed_up.xcoms("back_up")["return_value"] in [backup["backup_id"] for backup in index["backups"]]
