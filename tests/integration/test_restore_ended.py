"""Promise: a restore that was rejected or refused says so on its record, and what it leaves is named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dbops.domain.approvals.approval import Answer, Question
from dbops.errors import ApprovalMissing, PreflightFailed
from dbops.gateways.store.restores import restore_notes
from dbops.gateways.store.working_holds import working_holds
from dbops.jobs.approvals.answer_approval import answer_approval
from tests.clock import now
from tests.restoring import Restoring


def question(restoring: Restoring, digest: str) -> Question:
    return Question(
        target=restoring.target.name,
        action="swap",
        digest=digest,
        run=restoring.run,
        requested_by="alice",
        requested=now(),
        asked=now(),
    )


def reject(restoring: Restoring, digest: str) -> ApprovalMissing:
    no = Answer(options=("Reject",), by=("bob", "bob"), answered=now(), reason="not today")
    bucket = restoring.loader.bucket
    with pytest.raises(ApprovalMissing) as refusal:
        answer_approval(question(restoring, digest), no, restoring.target, bucket, clock=now)
    return refusal.value


def held(restoring: Restoring, moment: datetime) -> list[str]:
    return [hold.backup_id for hold in working_holds(restoring.loader.bucket, restoring.target, moment)]


def test_who_is_asked_about_a_swap_is_told_of_a_newer_backup_that_came_while_it_was_loaded(
    restoring: Restoring,
) -> None:
    first = restoring.plan(mode="swap")
    assert not any("newer" in said for said in first.warnings)
    restoring.bring_back()
    restoring.loader.back_up(restoring.url)
    newer = restoring.loader.backup_id

    plan = restoring.plan_swap()

    told = f"1 newer backup is not verified yet, the newest {newer}: name it if its rows are what you need."
    assert told in plan.warnings
    assert "1 newer backup is not verified yet" in plan.markdown()
    assert told in restore_notes(restoring.loader.bucket, restoring.target, restoring.run)


def test_who_has_named_a_backup_knows_that_there_are_newer_ones(restoring: Restoring) -> None:
    restoring.restored(mode="swap", backup=str(restoring.loader.backup_id))
    restoring.loader.back_up(restoring.url)

    assert not any("newer" in said for said in restoring.plan_swap().warnings)


def test_a_plan_that_something_stands_in_the_way_of_is_refused_on_record_and_holds_nothing(
    restoring: Restoring,
) -> None:
    plan = restoring.plan(mode="into", into="nowhere")

    assert restoring.record.came_to == "refused"
    assert restoring.record.ended is not None
    assert restoring.record.ended.why == " ".join(plan.blockers)
    assert held(restoring, now()) == []
    restoring.plan(mode="beside")
    assert restoring.record.came_to == "planned", "the same run may plan again"
    assert held(restoring, now()) == [restoring.loader.backup_id]


def test_a_rejected_swap_names_the_copy_that_stays_and_how_much_it_takes(restoring: Restoring) -> None:
    restoring.approve = ("swap",)
    record = restoring.restored(mode="swap")
    plan = restoring.plan_swap()
    assert held(restoring, now()) == [record.backup_id]

    refusal = reject(restoring, plan.digest)

    assert f"stays on the server: {record.database}, " in refusal.remedy
    assert record.database in restoring.databases()
    ended = restoring.record
    assert ended.came_to == "rejected"
    assert (ended.state, ended.verification) == (record.state, record.verification), "it is still proven"
    [(size,)] = restoring.ask(f"SELECT pg_database_size('{record.database}')", "postgres")
    assert ended.loaded_bytes is not None
    assert abs(size - ended.loaded_bytes) < 2**20
    assert held(restoring, now()) == [record.backup_id], "a new run may swap it in"
    assert held(restoring, now() + timedelta(days=8)) == []


def test_a_swap_in_whose_way_something_has_come_names_the_copy_that_stays(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")
    restoring.tell(f'CREATE DATABASE "{record.before}"', database="postgres")
    try:
        with restoring.refusing(PreflightFailed, f"stays on the server: {record.database}"):
            restoring.plan_swap()
    finally:
        restoring.tell(f'DROP DATABASE "{record.before}"', database="postgres")
