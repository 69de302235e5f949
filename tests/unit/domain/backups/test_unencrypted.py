"""Promise: a backup that is not encrypted, though one before it is, is never restored or proven without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.unencrypted import unencrypted_warning
from dbops.domain.options.encryption import Encryption
from tests.age_program import new_key
from tests.unit.samples import DAY, NOW, manifest

ENCRYPTS = Encryption(recipients=(new_key().public,))


def catalog(*encrypted: bool) -> Catalog:
    """A backup a day, oldest first."""
    made = (
        replace(manifest(NOW + day * DAY), encryption_recipients=("age1any",) if is_encrypted else ())
        for day, is_encrypted in enumerate(encrypted)
    )
    return Catalog("shop", tuple(CatalogEntry(one) for one in made))


@pytest.mark.parametrize(
    ("encrypted", "told"),
    [
        ((False,), ()),
        ((True,), ()),
        ((False, True), ()),  # from before the target did
        ((True, False), (1,)),
        ((False, True, False, True, False), (2, 4)),
    ],
)
def test_told_are_those_that_come_after_an_encrypted_one(encrypted: tuple[bool, ...], told: tuple[int, ...]) -> None:
    found = catalog(*encrypted)
    ids = [entry.backup_id for entry in found.entries]
    assert tuple(day for day, one in enumerate(ids) if unencrypted_warning(found, one, ENCRYPTS)) == told


def test_it_names_the_backup_and_the_last_encrypted_one_before_it() -> None:
    found = catalog(True, True, False, True)
    ids = [entry.backup_id for entry in found.entries]
    (sentence,) = unencrypted_warning(found, ids[2], ENCRYPTS)
    assert sentence == (
        f"Backup {ids[2]} is not encrypted, though shop encrypts its backups, and {ids[1]} before it is encrypted: "
        "if nobody switched that off in the meantime, find out who made it."
    )


def test_a_target_that_does_not_encrypt_is_told_nothing_nor_is_one_that_is_gone() -> None:
    found = catalog(True, False)
    assert unencrypted_warning(found, found.entries[1].backup_id, Encryption(recipients=())) == ()
    assert unencrypted_warning(found, BackupId.at(NOW + 9 * DAY), ENCRYPTS) == ()
