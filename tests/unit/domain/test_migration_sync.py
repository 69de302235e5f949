"""Promise: who restores is told which migrations the restored state is at, against those of the repository."""

from __future__ import annotations

from dbops.domain.migration_sync import MigrationSync

FOLDER = ("0_init", "1_more", "2_last")


def test_a_state_at_the_newest_migration_is_said_to_be() -> None:
    said = MigrationSync(FOLDER, applied=FOLDER).sentence()

    assert said == (
        "Migrations of the restored state: its newest migration is 2_last; the repository's folder has the same."
    )


def test_an_older_state_names_what_is_to_be_applied_again() -> None:
    sync = MigrationSync(FOLDER, applied=("0_init",))

    assert sync.pending == ("1_more", "2_last")
    assert "not applied to it, though in the repository: 1_more, 2_last" in sync.sentence()


def test_a_newer_state_names_what_the_repository_lacks() -> None:
    sync = MigrationSync(FOLDER[:1], applied=FOLDER)

    assert sync.unknown == ("1_more", "2_last")
    assert "applied to it, and not in the repository: 1_more, 2_last" in sync.sentence()


def test_a_migration_that_never_finished_is_named() -> None:
    assert (
        "begun and never finished: 1_more" in MigrationSync(FOLDER, applied=FOLDER[:1], failed=("1_more",)).sentence()
    )


def test_an_empty_ledger_and_none_are_told_apart() -> None:
    assert "no migration was applied to it" in MigrationSync(FOLDER, applied=()).sentence()
    assert "has no ledger of migrations" in MigrationSync(FOLDER).sentence()
    assert "the repository has 0_init, 1_more, 2_last" in MigrationSync(FOLDER).sentence()
    assert MigrationSync(()).sentence() == "The restored state has no ledger of migrations (_prisma_migrations)."
