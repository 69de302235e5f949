"""Promise: how far a migration is is kept whole, and what became of it is said plainly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.migrations.migrated_check import MigratedCheck
from dbops.domain.migrations.outcome import outcome
from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep, StepState
from dbops.domain.schema.object_differences import Difference

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
STEPS = (
    MigrationStep(name="0_init", checksum="0", marked=True, state=StepState.APPLIED, began=NOW, ended=NOW),
    MigrationStep(name="1_a", checksum="1", said="it has no down.sql", state=StepState.APPLIED, row_id="r1"),
    MigrationStep(name="2_b", checksum="2", reversible=True, state=StepState.REVERTED, row_id="r2"),
    MigrationStep(name="3_c", checksum="3", state=StepState.FAILED, row_id="r3"),
    MigrationStep(name="4_d", checksum="4"),
)
RECORD = MigrationRecord(target="shop", run="r", digest="d", planned=NOW, backup_id="20261122T010000Z", steps=STEPS)


def test_a_record_is_read_back_as_it_was_written() -> None:
    assert MigrationRecord.from_json(RECORD.to_json()) == RECORD
    with pytest.raises(ValueError, match="format"):
        MigrationRecord.from_json(RECORD.to_json().replace(b'"format": 1', b'"format": 2'))


def test_only_what_may_have_changed_something_is_begun_and_only_an_end_is_over() -> None:
    begun = {state for state in MigrationState if RECORD.at(state).is_begun}
    over = {state for state in MigrationState if RECORD.at(state).is_over}

    assert begun == set(MigrationState) - {MigrationState.PLANNED, MigrationState.BACKED_UP}
    assert over == {MigrationState.FAILED, MigrationState.REVERTED, MigrationState.DONE}


def test_a_step_takes_the_place_of_the_one_of_its_name() -> None:
    step = MigrationStep(name="4_d", checksum="4", began=NOW, ended=NOW + timedelta(seconds=3))

    running = MigrationStep(name="4_d", checksum="4", began=NOW)
    changed = RECORD.with_step(step)

    assert changed.steps == (*STEPS[:4], step)
    assert [one.seconds for one in changed.steps] == [0, 0, 0, 0, 3]
    assert running.seconds == 0


def test_a_step_further_everything_is_as_before_but_for_what_was_said() -> None:
    further = RECORD.at(MigrationState.APPLYING, oid=7)

    assert (further.state, further.oid) == (MigrationState.APPLYING, 7)
    assert further.at(RECORD.state, oid=RECORD.oid) == RECORD


def test_what_stays_is_said_with_the_backup_and_the_link() -> None:
    what, remedy = outcome(RECORD, "The server refused 3_c.", "", "https://airflow/restore", is_equal=False)

    assert what == (
        "The migration of shop failed. The server refused 3_c. Taken back: 2_b. NOT taken back, and in force: "
        "1_a (it has no down.sql). The baseline stays marked: it was proven, and nothing was executed for it."
    )
    assert "prisma migrate resolve --rolled-back 3_c" in remedy
    assert remedy.endswith(
        "The backup 20261122T010000Z was made right before. The form to restore it, filled in: https://airflow/restore"
    )


def test_a_backup_that_is_not_needed_is_not_offered() -> None:
    record = RECORD.with_step(MigrationStep(name="1_a", checksum="1", state=StepState.REVERTED))

    proof = "The schema is what it was before."
    what, remedy = outcome(record, "It failed.", proof, "https://airflow/restore", is_equal=True)

    assert "Taken back: 2_b, 1_a." in what
    assert "NOT taken back" not in what
    assert "https" not in remedy
    assert remedy.endswith("and start a new run. The backup 20261122T010000Z was made right before, and is not needed.")
    assert what.endswith(proof)


def test_everything_that_stays_and_everything_that_has_failed_is_named() -> None:
    more = MigrationStep(name="2_b", checksum="2", state=StepState.REVERTING)
    record = RECORD.with_step(more).with_step(MigrationStep(name="4_d", checksum="4", state=StepState.FAILED))

    what, remedy = outcome(record, "It failed.", "", "", is_equal=False)

    assert "1_a (it has no down.sql); 2_b (what came after it could not be taken back)." in what
    assert remedy.startswith("By the ledger 3_c, 4_d has failed")
    assert remedy.endswith("The backup 20261122T010000Z was made right before.")


@pytest.mark.parametrize("proof", ["", "The schema is NOT as it was before.", "It cannot be read."])
def test_a_backup_is_called_unneeded_only_where_the_schema_was_compared_and_is_equal(proof: str) -> None:
    record = RECORD.with_step(MigrationStep(name="1_a", checksum="1", state=StepState.REVERTED))

    _, remedy = outcome(record, "It failed.", proof, "https://airflow/restore", is_equal=False)

    assert "not needed" not in remedy
    assert remedy.endswith("https://airflow/restore")


@pytest.mark.parametrize(
    ("progress", "sentence"),
    [
        ({"doing": "begins"}, "1_a: begins, 5.0s"),
        ({"doing": "building index", "done": 1, "total": 4}, "1_a: building index, 1/4 (25%), 5.0s"),
        ({"doing": "try 1 of 2", "waits_for": (7,)}, "1_a: try 1 of 2, waits for the server's process 7, 5.0s"),
        ({"doing": "x", "waits_for": (7, 8)}, "1_a: x, waits for the server's processes 7, 8, 5.0s"),
    ],
)
def test_progress_is_one_line(progress: dict[str, object], sentence: str) -> None:
    given = {"name": "1_a", "elapsed": timedelta(seconds=5), **progress}

    assert MigrationProgress(**given).sentence() == sentence  # type: ignore[arg-type]


def test_a_database_is_what_its_migrations_make_only_where_nothing_is_wrong() -> None:
    renamed = Difference("renamed_constraint", "public.a.b", "it is called otherwise", severity="warning")
    lost = Difference("missing_index", "public.a.i", "the index is missing", severity="error")

    assert MigratedCheck(differences=(renamed,)).faults == ()
    check = MigratedCheck(differences=(renamed, lost), invalid=("a.i",), unfinished=("1_a",), pending=("2",))
    assert check.faults == (
        "the index is missing.",
        "The index a.i is INVALID.",
        "By the ledger 1_a was begun and never finished.",
        "2 is not applied.",
    )
