"""What a run of the checks keeps of the migrations: names and times, of the folder and the ledger together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dbops.domain.checks.run import CheckRun
from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.seen_migrations import SeenMigrations, seen_migrations
from dbops.domain.ledger.table import LedgerRow
from tests.unit.samples import DAY, NOW, check_run

FIRST, SECOND, THIRD = (Migration(name=f"{number}_step", body=b"SELECT 1") for number in (1, 2, 3))


def row(migration: Migration, days_ago: int, *, finished: bool = True) -> LedgerRow:
    begun = NOW - days_ago * DAY
    return LedgerRow(
        row_id=f"{migration.name} {days_ago}",
        checksum=migration.checksum,
        name=migration.name,
        started=begun,
        finished=begun + timedelta(seconds=2) if finished else None,
        logs=None if finished else "a row's value",
    )


def test_a_target_without_migrations_and_ledger_has_none() -> None:
    assert seen_migrations([], None) is None


def test_each_is_applied_pending_or_failed_and_applied_ones_have_their_time() -> None:
    rows = [row(FIRST, 9), row(SECOND, 8, finished=False)]

    assert seen_migrations([FIRST, SECOND, THIRD], rows) == SeenMigrations(
        applied=((FIRST.name, NOW - 9 * DAY + timedelta(seconds=2)),), pending=(THIRD.name,), failed=(SECOND.name,)
    )


def test_an_attempt_that_was_rolled_back_and_done_again_counts_by_the_time_of_the_second() -> None:
    rows = [replace(row(FIRST, 9), rolled_back=NOW - 8 * DAY), row(FIRST, 7)]

    seen = seen_migrations([FIRST], rows)

    assert seen is not None
    assert seen.applied == ((FIRST.name, NOW - 7 * DAY + timedelta(seconds=2)),)


def test_a_ledger_without_a_folder_and_a_folder_without_a_ledger_are_shown() -> None:
    assert seen_migrations([], [row(FIRST, 1)]) == SeenMigrations(
        applied=((FIRST.name, NOW - DAY + timedelta(seconds=2)),)
    )
    assert seen_migrations([FIRST], None) == SeenMigrations(pending=(FIRST.name,))
    assert seen_migrations([], []) == SeenMigrations()


def test_a_run_keeps_them_without_a_log_and_one_of_an_older_version_has_none() -> None:
    run = check_run(migrations=seen_migrations([FIRST, SECOND], [row(FIRST, 2), row(SECOND, 1, finished=False)]))

    assert CheckRun.from_json(run.to_json()) == run
    assert b"a row's value" not in run.to_json()
    older = check_run().to_json().replace(b'"migrations": null,', b"")
    assert b"migrations" not in older
    assert CheckRun.from_json(older).migrations is None


def test_one_that_was_taken_back_later_was_not_applied_then() -> None:
    rows = [row(FIRST, 9), replace(row(FIRST, 3), rolled_back=NOW)]

    seen = seen_migrations([FIRST], rows)

    assert seen is not None
    assert seen.applied == ((FIRST.name, NOW - 9 * DAY + timedelta(seconds=2)),)
