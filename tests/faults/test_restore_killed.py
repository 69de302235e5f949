"""Promise: whenever a restore is killed, nothing live is touched, nothing goes on, and the next attempt succeeds.

test_killed_everywhere.py kills it at every step; here something else is in the way as well.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.errors import ApprovalMissing, PreflightFailed
from tests.approving import BY
from tests.faults.job import Job, wait_until
from tests.faults.restore_scene import VISITORS, RestoreScene


def test_killed_in_the_middle_of_the_load_it_is_begun_anew_and_a_new_run_leaves_it_alone(
    restore_scene: RestoreScene,
) -> None:
    scene, first = restore_scene, restore_scene.restoring
    first.plan()
    scene.hold_rows_of("visitors")
    job = scene.start("load")
    name = scene.wait_until_half_loaded(job)
    assert len(job.workers) == 2

    assert job.kill().status == -signal.SIGKILL

    scene.expect_quiet()
    scene.expect_live_untouched()
    half_loaded = scene.databases()[name]
    scene.proxy.release()
    second = scene.another_run()
    record = second.restored()
    assert record.state is RestoreState.VERIFIED
    assert scene.databases()[name] == half_loaded
    assert scene.start("load", "analyze", "verify").finish().status == 0
    again = scene.record()
    assert again.state is RestoreState.VERIFIED
    assert again.oid != half_loaded
    assert scene.databases() == {
        scene.live: scene.live_oid,
        scene.bystander: scene.bystander_oid,
        record.database: record.oid,
        name: again.oid,
    }
    assert scene.visitors(name) == scene.visitors(record.database) == VISITORS
    scene.expect_live_untouched()
    assert list(scene.spool.iterdir()) == []


def test_killed_with_a_single_connection_nothing_goes_on_either(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    scene.restoring.options = {"jobs": 1}
    scene.restoring.plan()
    scene.hold_rows_of("visitors")
    job = scene.start("load")
    scene.wait_until_half_loaded(job)
    job.kill()
    scene.expect_quiet()
    scene.expect_live_untouched()


def test_killed_before_the_database_is_on_record_its_retry_drops_it_only_if_nobody_has_used_it(
    restore_scene: RestoreScene,
) -> None:
    scene = restore_scene
    scene.restoring.plan()
    scene.swallow_record(2)
    job = scene.start("load")
    scene.wait_until_held(job)
    name = scene.record().database
    assert scene.record().oid is None
    job.kill()
    scene.expect_quiet()
    scene.restoring.tell("CREATE TABLE precious (id int)", database=name)
    before = scene.databases()

    with pytest.raises(PreflightFailed, match="not created by this run"):
        scene.restoring.load()

    assert scene.databases() == before
    scene.restoring.tell("DROP TABLE precious", database=name)
    assert scene.restoring.bring_back().oid not in {None, before[name]}
    scene.expect_live_untouched()
    assert scene.databases().keys() == before.keys()


def test_killed_while_the_server_makes_the_database_nobody_gets_in_between(restore_scene: RestoreScene) -> None:
    """The server goes on with a CREATE DATABASE whose client has died: until its end the restore is still at work."""
    scene = restore_scene
    plan = scene.restoring.plan()
    with scene.administrator(autocommit=False) as holding:
        holding.execute("LOCK TABLE pg_database IN SHARE MODE")
        job = scene.start("load")
        scene.wait_until_session(job, "CREATE DATABASE", "relation")
        job.kill()
        assert "Another restore" in scene.start("load").finish().error
        holding.rollback()
    scene.expect_quiet()

    assert scene.restoring.bring_back().state is RestoreState.VERIFIED

    scene.expect_live_untouched()
    assert scene.databases().keys() == {scene.live, scene.bystander, plan.database}


@contextmanager
def held_between_the_renames(scene: RestoreScene) -> Iterator[psycopg.Connection[Any]]:
    """A swap that waits at its second statement for somebody else's transaction."""
    name = scene.record().database
    with scene.administrator(autocommit=False) as holding:
        holding.execute(f"COMMENT ON DATABASE {name} IS 'mine'".encode())
        job = scene.start("swap")
        scene.wait_until_session(job, f'ALTER DATABASE "{name}" RENAME', "object")
        yield holding


def test_killed_within_the_swap_nothing_has_happened_and_the_next_attempt_swaps(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    scene.restoring.restored(mode="swap")
    before = scene.databases()
    with held_between_the_renames(scene) as holding:
        scene.jobs[-1].kill()
        with pytest.raises(PreflightFailed, match="Another restore"):
            scene.restoring.swap()  # the server has not noticed yet, and would go on
        holding.rollback()
    scene.expect_quiet()
    assert scene.databases() == before
    scene.expect_live_untouched()

    record = scene.restoring.swap()

    scene.expect_swapped(record)
    scene.restoring.post_check()


def test_killed_after_the_commit_its_retry_sees_that_it_has_happened_and_asks_nobody_again(
    restore_scene: RestoreScene,
) -> None:
    scene = restore_scene
    scene.restoring.approve = ("swap",)
    plan = scene.restoring.plan(mode="swap")
    scene.restoring.bring_back()
    scene.approve("swap", plan.digest)
    scene.swallow_record(2)
    job = scene.start("swap")
    scene.wait_until_held(job)
    assert scene.record().state is RestoreState.VERIFIED
    assert scene.databases()[scene.live] == scene.record().oid

    job.kill()
    scene.expect_quiet()
    record = scene.restoring.swap()

    scene.expect_swapped(record)
    assert record.approved_by == BY
    assert scene.restoring.swap() == record
    scene.restoring.post_check()


def approved_and_killed_within_the_swap(scene: RestoreScene) -> RestoreRecord:
    scene.restoring.approve = ("swap",)
    plan = scene.restoring.plan(mode="swap")
    scene.restoring.bring_back()
    scene.approve("swap", plan.digest)
    with held_between_the_renames(scene) as holding:
        scene.jobs[-1].kill()
        holding.rollback()
    scene.expect_quiet()
    scene.expect_live_untouched()
    killed = scene.record()
    assert (killed.state, killed.approved_by) == (RestoreState.VERIFIED, BY)
    return killed


def test_killed_within_an_approved_swap_its_retry_swaps_with_the_same_yes(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    approved_and_killed_within_the_swap(scene)
    record = scene.restoring.swap()
    scene.expect_swapped(record)
    assert record.approved_by == BY


def test_a_swap_that_may_have_happened_and_been_undone_by_hand_needs_another_yes(restore_scene: RestoreScene) -> None:
    """Then the names are the same as if nothing had happened; what the catalog has of them is not."""
    scene = restore_scene
    killed = approved_and_killed_within_the_swap(scene)
    live, other, away = (f'"{name}"' for name in (scene.live, killed.database, killed.before))
    there = (f"ALTER DATABASE {live} RENAME TO {away}", f"ALTER DATABASE {other} RENAME TO {live}")
    back = (f"ALTER DATABASE {live} RENAME TO {other}", f"ALTER DATABASE {away} RENAME TO {live}")
    scene.restoring.tell(*there, *back, database="postgres")

    with pytest.raises(ApprovalMissing, match="has already been used: it counts only once") as refused:
        scene.restoring.swap()

    assert "start a new run" in refused.value.remedy
    scene.expect_live_untouched()
    assert scene.databases().keys() == {scene.live, scene.bystander, killed.database}


def test_a_load_that_is_asked_to_stop_drops_what_it_has_loaded(restore_scene: RestoreScene) -> None:
    scene = restore_scene
    scene.restoring.plan()
    scene.hold_rows_of("visitors")
    job = scene.start("load")
    scene.wait_until_half_loaded(job)
    job.process.send_signal(signal.SIGINT)
    scene.proxy.release()

    assert job.finish().status != 0

    scene.expect_nothing_new()


@pytest.mark.parametrize("whom", ["worker", "guardian"])
def test_a_pg_restore_that_is_killed_fails_the_load_in_a_sentence_and_leaves_no_database(
    restore_scene: RestoreScene, whom: str
) -> None:
    scene = restore_scene
    scene.restoring.plan()
    scene.hold_rows_of("visitors")
    job = scene.start("load")
    scene.wait_until_half_loaded(job)
    pid = job.guardian if whom == "guardian" else job.workers[-1]
    kill(pid, job)
    scene.proxy.release()

    outcome = job.finish()

    assert outcome.status == 3, outcome
    assert "pg_restore" in outcome.error
    scene.expect_nothing_new()


def kill(pid: int, job: Job) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in job.offspring(), "it is gone")
