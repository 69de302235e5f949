"""Promise: how long a restore will take is told by what was measured, and not at all where nothing was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.recovery_time import expected_duration
from dbops.domain.backups.verification import Verification
from tests.unit.samples import DAY, NOW, manifest, verification

BACKUP = manifest(NOW - DAY, stored=2000)


def proven(proof: Verification) -> CatalogEntry:
    return CatalogEntry(manifest(proof.backup_id), verified=proof.ok, verification=proof)


def test_the_newest_good_measurement_counts_in_proportion_to_the_bytes() -> None:
    old = replace(verification(BackupId.at(NOW - 3 * DAY), finished=NOW - 3 * DAY), load_seconds=700.0)
    new = verification(BackupId.at(NOW - 2 * DAY), finished=NOW - 2 * DAY)
    bad = replace(verification(BackupId.at(NOW - DAY), ok=False), load_seconds=900.0)

    catalog = Catalog("shop", (proven(old), proven(new), proven(bad), CatalogEntry(BACKUP)))

    assert expected_duration(catalog, BACKUP) == timedelta(seconds=6)  # three for 1000 bytes


def test_without_a_measurement_nothing_is_said() -> None:
    empty = replace(verification(BackupId.at(NOW - DAY)), bytes_downloaded=0)

    assert expected_duration(Catalog("shop"), BACKUP) is None
    assert expected_duration(Catalog("shop", (proven(empty), CatalogEntry(BACKUP, verified=True))), BACKUP) is None
