"""Promise: a migration's report says what is in force, whether it is what it should be, and what is left to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep, PostCheck, StepState
from dbops.domain.migrations.report import MigrationReport
from dbops.domain.migrations.touched_probes import ProbeReading, ProbeReadings
from dbops.domain.report import Verdict

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
STEPS = (
    MigrationStep(name="0_init", checksum="0", marked=True, state=StepState.APPLIED, began=NOW, ended=NOW),
    MigrationStep(name="1_note", checksum="1", state=StepState.APPLIED, began=NOW, ended=NOW + timedelta(seconds=3)),
)
READINGS = ProbeReadings(probes=(ProbeReading(probe="newest", title="the newest", p50=1.0, p95=2.0),))


def report(**changed: Any) -> MigrationReport:
    """Of a run that went well, unless told otherwise."""
    known: dict[str, Any] = {
        "target": "shop",
        "run": "manual__1",
        "digest": "d" * 64,
        "planned": NOW,
        "state": MigrationState.DONE,
        "backup_id": "20261122T020000Z",
        "steps": STEPS,
        "before": READINGS,
        "after": READINGS,
        "checked": PostCheck(),
    }
    record = MigrationRecord(**{**known, **changed})
    return MigrationReport(target="shop", started=NOW, finished=NOW, record=record)


def test_a_run_that_went_well_is_ok_and_says_how_to_go_on() -> None:
    made = report()

    assert made.verdict is Verdict.OK
    assert made.headline() == "shop is migrated: 0_init is marked as applied, 1 migration applied, and checked."
    shown = made.markdown()
    for words in (
        "| 0_init | marked as applied: the baseline | - |",
        "| 1_note | applied | 3.0s |",
        "every index is valid",
        "| the newest | 1.0 ms | 1.0 ms | 2.0 ms | 2.0 ms | - |",
        "Have the same folders as include/sql/shop/migrations in the application's prisma/migrations",
        "The backup 20261122T020000Z was made right before.",
    ):
        assert words in shown


def test_it_comes_back_equal_out_of_the_bucket() -> None:
    record = replace(report().record, touched=(("public", "orders"),))

    assert MigrationRecord.from_json(record.to_json()) == record


def test_a_remark_is_a_warning_and_a_fault_a_failure() -> None:
    assert report(checked=PostCheck(remarks=("It is called otherwise.",))).verdict is Verdict.WARNING
    failed = report(checked=PostCheck(faults=("The index a is INVALID.",)))

    assert failed.verdict is Verdict.FAILED
    assert failed.headline().endswith("and the post-check FAILED.")
    assert "every index is valid" not in failed.markdown()
    assert "- The index a is INVALID." in failed.markdown()
    assert "correct it by another migration. The backup 20261122T020000Z" in failed.what_is_left()


def test_what_nobody_has_checked_is_not_ok() -> None:
    assert report(checked=None).verdict is Verdict.FAILED
    assert "nobody has checked it yet" in report(checked=None).headline()


@pytest.mark.parametrize("state", [MigrationState.FAILED, MigrationState.REVERTED])
def test_a_run_that_failed_says_why_and_what_to_do(state: MigrationState) -> None:
    made = report(state=state, failure="The migration of shop failed.", remedy="Correct it.", checked=None)

    assert made.verdict is Verdict.FAILED
    assert made.headline() == "The migration of shop failed."
    assert made.what_is_left() == "Correct it."


def test_a_migration_that_failed_is_told_with_what_the_server_said_and_one_that_did_not_run_has_no_time() -> None:
    failed = replace(STEPS[1], state=StepState.FAILED, said="lock timeout")
    waiting = MigrationStep(name="2_index", checksum="2")
    made = report(state=MigrationState.FAILED, steps=(STEPS[0], failed, waiting), failure="It failed.", checked=None)

    assert "| 1_note | failed: lock timeout | 3.0s |" in made.markdown()
    assert f"| 2_index | {waiting.state} | - |" in made.markdown()
    assert made.applied == ("0_init: marked as applied: the baseline",)


def test_several_that_were_applied_are_counted() -> None:
    more = replace(STEPS[1], name="2_more")
    assert report(steps=(*STEPS, more)).headline() == (
        "shop is migrated: 0_init is marked as applied, 2 migrations applied, and checked."
    )
    assert report(steps=(STEPS[0],)).headline() == "shop is migrated: 0_init is marked as applied, and checked."


def test_a_run_that_is_under_way_says_how_far_it_is() -> None:
    made = report(state=MigrationState.APPLYING, checked=None)

    assert "NOT migrated: this run got as far as applying" in made.headline()


def test_where_there_is_nothing_to_do_that_is_all_it_says() -> None:
    made = report(state=MigrationState.PLANNED, steps=(), before=None, after=None, checked=None)

    assert made.verdict is Verdict.OK
    assert made.markdown() == "There is nothing to migrate in shop: every migration is applied."


def test_the_report_of_a_run_is_this_one() -> None:
    slower = ProbeReadings(
        probes=(ProbeReading(probe="newest", title="the newest", p50=4.0, p95=8.0),),
        notes=("Not all could be *timed*.",),
    )
    made = report(after=slower, checked=PostCheck(remarks=("One is called otherwise.", "So is another.")))

    assert made.markdown().split("\n") == [
        "shop is migrated: 0_init is marked as applied, 1 migration applied, and checked.",
        "",
        "| migration |  | took |",
        "| --- | --- | --- |",
        "| 0_init | marked as applied: the baseline | - |",
        "| 1_note | applied | 3.0s |",
        "",
        "The schema is what the migrations make of an empty database, and every index is valid.",
        "",
        "- One is called otherwise.",
        "- So is another.",
        "",
        "Operations on the tables that were touched:",
        "",
        "| operation | p50 before | after | p95 before | after | new index |",
        "| --- | --- | --- | --- | --- | --- |",
        "| the newest | 1.0 ms | 4.0 ms | 2.0 ms | 8.0 ms | - |",
        "",
        r"Not all could be \*timed\*.",
        "",
        "Have the same folders as include/sql/shop/migrations in the application's prisma/migrations: the ledger names "
        "them, and prisma migrate deploy goes on from there. The backup 20261122T020000Z was made right before.",
    ]


def test_where_no_backup_was_made_none_is_named_and_what_went_well_has_nothing_that_was_said() -> None:
    made = report(backup_id=None, steps=(STEPS[0], replace(STEPS[1], said="lock timeout")))

    assert made.what_is_left().endswith("prisma migrate deploy goes on from there.")
    assert "| 1_note | applied | 3.0s |" in made.markdown()
