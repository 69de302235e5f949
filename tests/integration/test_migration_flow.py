"""Promise: after a migration people see what was applied, how the touched operations fare, and what is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.domain.report import Verdict
from dbops.errors import MigrationFailed
from dbops.gateways.s3 import S3Bucket
from demo.postgres import EmbeddedPostgres
from tests.backups import Programs
from tests.drills import public_folder
from tests.migrating_flow import INDEXES, STEPS, Flow
from tests.validating import cloned


@pytest.fixture
def flow(
    postgres_server: EmbeddedPostgres, sample_template: str, tmp_path: Path, programs: Programs, bucket: S3Bucket
) -> Iterator[Flow]:
    """A run over a database of the reference application that has rows, a backup and no ledger."""
    name = f"migrated_{secrets.token_hex(4)}"
    with cloned(postgres_server.url(), sample_template, name) as url, public_folder() as place:
        made = Flow(url, tmp_path / "include", place, programs.folder, bucket)
        made.back_up()
        yield made


def test_the_report_says_what_was_applied_and_times_the_touched_operations_before_and_after(flow: Flow) -> None:
    report = flow.whole()

    assert report.verdict is Verdict.OK, report.markdown()
    assert [step.name for step in report.record.steps] == list(STEPS)
    probes = report.probes
    touching = {one.probe for one in probes.before.probes}
    assert {"summary_list_newest", "summary_create", "usage_event_count_this_month"} <= touching
    assert {"user_find_by_email", "connection_pool"}.isdisjoint(touching), "they touch neither table"
    assert {one.probe for one in probes.after.probes} == touching
    for one in (*probes.before.probes, *probes.after.probes):
        assert (one.p50 or 0) > 0, f"{one.probe}: {one.error}"
        assert (one.p95 or 0) > 0, one.probe
    users = probes.new_indexes
    assert list(users) == list(INDEXES)
    assert "summary_list_newest" in users[INDEXES[0]]
    assert "usage_event_count_this_month" in users[INDEXES[1]]
    shown = report.markdown()
    for words in (
        "| 0_init | marked as applied: the baseline | - |",
        "| operation | p50 before | after | p95 before | after | new index |",
        "The schema is what the migrations make of an empty database",
        f"The backup {report.record.backup_id} was made right before.",
    ):
        assert words in shown
    assert flow.measure().before == probes.before, "once something may have changed it is not measured again"


def test_an_operation_that_fails_because_of_the_migration_is_found_by_the_post_check(flow: Flow) -> None:
    flow.write("3_rename", '-- squawk-ignore renaming-column\nALTER TABLE "Summary" RENAME COLUMN quotes TO citations;')

    flow.know_the_schema()

    report = flow.whole()

    assert report.verdict is Verdict.FAILED
    assert report.record.checked is not None
    [remark] = report.record.checked.remarks
    assert "the column public.Summary.citations" in remark
    assert "`python -m dbops baseline vault --accept` takes it over" in remark
    broken = [fault for fault in report.record.checked.faults if "summary_find_unique" in fault]
    assert broken
    assert "worked before, and fails now" in broken[0]
    assert "| FAILS |" in report.markdown()


def test_what_somebody_changes_meanwhile_is_found_by_the_post_check(flow: Flow) -> None:
    report = flow.whole(lambda: flow.tell(f'DROP INDEX "{INDEXES[1]}"'))

    assert report.verdict is Verdict.FAILED
    assert INDEXES[1] in " ".join(report.record.checked.faults if report.record.checked else ())
    assert "and the post-check FAILED" in report.headline()


def test_a_probe_whose_file_is_wrong_stops_no_migration(flow: Flow) -> None:
    (flow.folder / "probes/broken.sql").write_text("SELECT 1\n")
    flow.plan()

    before = flow.measure().before

    assert before is not None
    assert before.probes == ()
    [note] = before.notes
    assert note.startswith("No operation was measured. ")
    assert "broken.sql" in note


def test_a_run_that_has_applied_nothing_is_not_checked(flow: Flow) -> None:
    flow.plan()
    with pytest.raises(MigrationFailed, match="has not migrated vault: it came as far as planned"):
        flow.check()
