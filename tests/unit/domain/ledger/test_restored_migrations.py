"""Promise: who restores is told which migrations the restored state is at, against those of the repository."""

from __future__ import annotations

from dbops.domain.ledger.restored_migrations import restored_migrations
from dbops.domain.ledger.table import LedgerState

FOLDER = ("0_init", "1_more", "2_last")


def test_a_state_at_the_newest_migration_is_said_to_be() -> None:
    said = restored_migrations(LedgerState(exists=True, applied=FOLDER))

    assert said == (
        "Migrations of the restored state: its newest migration is 2_last; the repository's folder has the same."
    )


def test_an_older_state_names_what_is_to_be_applied_again() -> None:
    said = restored_migrations(LedgerState(exists=True, applied=FOLDER[:1], pending=FOLDER[1:]))

    assert said == (
        "Migrations of the restored state: its newest migration is 0_init; "
        "not applied to it, though in the repository: 1_more, 2_last."
    )


def test_a_newer_state_names_what_the_repository_lacks() -> None:
    said = restored_migrations(LedgerState(exists=True, applied=FOLDER, unknown=FOLDER[1:]))

    assert "applied to it, and not in the repository: 1_more, 2_last" in said


def test_a_state_of_another_text_names_what_was_changed() -> None:
    said = restored_migrations(LedgerState(exists=True, applied=FOLDER, edited=FOLDER[1:2]))

    assert "changed in the repository since: 1_more." in said


def test_a_migration_that_never_finished_is_named() -> None:
    said = restored_migrations(LedgerState(exists=True, applied=FOLDER[:1], failed=FOLDER[1:2]))

    assert "begun and never finished: 1_more" in said


def test_an_empty_ledger_and_none_are_told_apart() -> None:
    assert "no migration was applied to it" in restored_migrations(LedgerState(exists=True))
    assert "the repository has 0_init, 1_more, 2_last" in restored_migrations(LedgerState(exists=False, pending=FOLDER))


def test_of_a_database_that_nobody_migrates_nothing_is_said() -> None:
    assert restored_migrations(LedgerState(exists=False)) == ""
