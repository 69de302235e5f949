"""Promise: drills and restores open encrypted backups with the keys at hand; without, they touch and judge nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dbops.domain.report import Verdict
from dbops.errors import IdentityMissing
from dbops.gateways.archive import Archive
from dbops.gateways.store.catalogs import read_catalog
from tests.age_program import AgeKey, new_key
from tests.backups import backed_up, counted_rows, execute
from tests.drills import Ground
from tests.loading import SHOP, Loader
from tests.restoring import Restoring


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return new_key()


@pytest.fixture
def archive(loader: Loader, key: AgeKey, empty_database: str) -> Archive:
    """An encrypted backup of a database of SHOP, the loader's newest."""
    execute(empty_database, *SHOP)
    loader.encrypt_for(key)
    return loader.back_up(empty_database)


@pytest.fixture
def encrypted(loader: Loader, archive: Archive, empty_database: str) -> Iterator[Restoring]:
    """What restores the live database of which the archive is a backup."""
    ground = Restoring(loader, empty_database)
    yield ground
    ground.clean_up()


@pytest.mark.usefixtures("archive")
def test_a_drill_proves_an_encrypted_backup(ground: Ground) -> None:
    proof = ground.drill().verification

    assert proof is not None
    assert proof.errors == ()
    assert proof.ok
    (entry,) = read_catalog(ground.loader.bucket, ground.target).entries
    assert entry.verified
    ground.expect_nothing_left()


@pytest.mark.usefixtures("archive")
def test_a_drill_without_the_key_cannot_prove_it_and_gives_no_verdict(ground: Ground) -> None:
    for keys in ((), (new_key(),)):
        ground.loader.open_with(*keys)
        with pytest.raises(IdentityMissing, match="says nothing about the backup"):
            ground.drill()

    assert ground.verdicts() == []
    (entry,) = read_catalog(ground.loader.bucket, ground.target).entries
    assert entry.is_good
    ground.expect_nothing_left()


def test_one_in_clear_text_after_it_is_proven_and_planned_with_a_warning(
    ground: Ground, loader: Loader, key: AgeKey, empty_database: str
) -> None:
    execute(empty_database, *SHOP)
    loader.encrypt_for(key)
    encrypting = loader.target
    backed_up(encrypting, empty_database, loader.desk.store, loader.desk.programs.folder, ago=timedelta(hours=1))
    loader.encrypt_for()
    loader.back_up(empty_database)
    loader.target = encrypting

    proof = ground.drill(force=True).verification

    assert proof is not None
    assert proof.ok
    (warning,) = [one for one in proof.warnings if "not encrypted" in one]
    assert warning.startswith(f"Backup {loader.backup_id} is not encrypted")
    restoring = Restoring(loader, empty_database)
    assert warning in restoring.plan(mode="beside").warnings
    restoring.clean_up()


def test_a_drill_condemns_an_encrypted_backup_with_a_damaged_file_by_its_name(ground: Ground, archive: Archive) -> None:
    largest = max(archive.data_files, key=lambda file: file.bytes)
    ground.loader.damage(largest.name)

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    assert largest.name in report.verification.errors[0]
    ground.expect_nothing_left()


def test_an_encrypted_backup_takes_the_live_databases_place(encrypted: Restoring) -> None:
    before = counted_rows(encrypted.url)
    encrypted.tell("DELETE FROM crm.lines", "TRUNCATE events")

    record = encrypted.restored(mode="swap")
    assert record.verification is not None
    assert record.verification.ok
    encrypted.swap()
    encrypted.post_check()

    assert counted_rows(encrypted.url) == before


def test_a_schema_and_single_tables_come_back_out_of_an_encrypted_backup(encrypted: Restoring) -> None:
    record = encrypted.restored(mode="schema", schemas=["crm"])
    assert record.schema is not None
    assert encrypted.ask(f'SELECT count(*) FROM "{record.schema}".orders') == [(100,)]  # noqa: S608

    encrypted.run += "-tables"
    record = encrypted.restored(mode="beside", tables=["crm.customers"])
    assert encrypted.ask("SELECT count(*) FROM crm.customers", record.database) == [(100,)]


@pytest.mark.parametrize("wrong", [False, True])
def test_a_restore_without_the_right_key_is_refused_before_anything_is_touched(
    encrypted: Restoring, *, wrong: bool
) -> None:
    encrypted.loader.open_with(*([new_key()] if wrong else []))
    with encrypted.refusing(IdentityMissing, "is encrypted and cannot be opened here"):
        encrypted.plan(mode="swap")


def test_a_key_that_is_taken_away_after_the_plan_stops_the_restore_before_it_makes_a_database(
    encrypted: Restoring,
) -> None:
    encrypted.plan(mode="beside")
    encrypted.loader.open_with()
    with encrypted.refusing(IdentityMissing, "is encrypted and cannot be opened here"):
        encrypted.load()
