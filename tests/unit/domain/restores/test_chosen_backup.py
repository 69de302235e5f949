"""Promise: a restore takes the newest backup that is proven, and never a bad or unfinished one by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry, Leftover
from dbops.domain.restores.chosen_backup import choose_backup
from dbops.domain.restores.request import RestoreRequest
from dbops.errors import BackupUnusable
from tests.unit.samples import DAY, NOW, manifest

VERDICTS = st.sampled_from([True, False, None])
CATALOGS = st.dictionaries(st.integers(1, 30), VERDICTS).map(
    lambda verdicts: catalog(*(verdicts[age] for age in sorted(verdicts, reverse=True)), ages=sorted(verdicts))
)


def catalog(*verdicts: bool | None, ages: list[int] | None = None) -> Catalog:
    """Backups of the days before NOW, oldest first, the last one a day old unless ``ages`` says otherwise."""
    days = sorted(ages or range(1, len(verdicts) + 1), reverse=True)
    ids = [BackupId.at(NOW - age * DAY) for age in days]
    return Catalog(
        "shop",
        tuple(CatalogEntry(manifest(each), verified=verified) for each, verified in zip(ids, verdicts, strict=True)),
        leftovers=(Leftover(BackupId.at(NOW), None, NOW, ("a",)),),
    )


@given(CATALOGS, st.none() | st.integers(-1, 31))
def test_the_newest_proven_one_is_taken_else_the_newest_good_one(found: Catalog, days: int | None) -> None:
    limit = None if days is None else NOW - days * DAY
    fitting = [entry for entry in found.entries if limit is None or entry.backup_id.time <= limit]
    good = [entry for entry in fitting if entry.verified is not False]
    assume(good)

    chosen = choose_backup(found, RestoreRequest(not_later_than=limit))

    proven = [entry for entry in good if entry.verified]
    assert chosen.entry == (proven or good)[-1]
    assert (chosen.entry.verified is None) == any("has never been restored before" in said for said in chosen.warnings)
    newer = sum(entry.backup_id > chosen.entry.backup_id for entry in good)
    assert bool(newer) == any("not verified yet" in said for said in chosen.warnings)


@given(CATALOGS)
def test_only_who_names_a_bad_one_gets_it_and_is_told(found: Catalog) -> None:
    assume(found.entries)

    for entry in found.entries:
        chosen = choose_backup(found, RestoreRequest(backup_id=entry.backup_id))
        assert chosen.entry == entry
        assert (entry.verified is False) == any("FAILED its verification" in said for said in chosen.warnings)


@pytest.mark.parametrize("found", [catalog(), catalog(False), catalog(False, False)])
def test_without_a_good_one_there_is_none(found: Catalog) -> None:
    with pytest.raises(BackupUnusable, match=r"shop has no good backup\.") as refused:
        choose_backup(found, RestoreRequest())

    assert "python -m dbops backups shop" in refused.value.remedy


def test_a_time_before_all_backups_is_said() -> None:
    with pytest.raises(BackupUnusable, match=r"not later than 2026-10-23 12:00 UTC"):
        choose_backup(catalog(True), RestoreRequest(not_later_than=NOW - 30 * DAY))


def test_a_backup_of_the_very_moment_is_not_later() -> None:
    found = catalog(True, None)

    assert choose_backup(found, RestoreRequest(not_later_than=NOW - DAY)).entry == found.entries[0]
    assert choose_backup(catalog(None), RestoreRequest(not_later_than=NOW - DAY)).entry.backup_id.time == NOW - DAY
    with pytest.raises(BackupUnusable):
        choose_backup(catalog(None), RestoreRequest(not_later_than=NOW - DAY - timedelta(seconds=1)))


def test_newer_unproven_ones_are_counted() -> None:
    one = choose_backup(catalog(True, None), RestoreRequest()).warnings
    two = choose_backup(catalog(True, None, None, False), RestoreRequest()).warnings

    assert one == (f"1 newer backup is not verified yet, the newest {BackupId.at(NOW - DAY)}: name it if its rows are "
                   "what you need.",)  # fmt: skip
    assert two[0].startswith(f"2 newer backups are not verified yet, the newest {BackupId.at(NOW - 2 * DAY)}")


@pytest.mark.parametrize(
    ("backup_id", "what"), [(BackupId.at(NOW), "never finished"), (BackupId("20200101T000000Z"), "does not exist")]
)
def test_what_is_unfinished_or_unknown_is_refused(backup_id: BackupId, what: str) -> None:
    with pytest.raises(BackupUnusable, match=f"Backup {backup_id} of shop {what}") as refused:
        choose_backup(catalog(True), RestoreRequest(backup_id=backup_id))

    assert refused.value.remedy


def test_what_pg_dump_warned_of_is_told_whichever_way_it_was_chosen() -> None:
    warned = replace(
        manifest(BackupId.at(NOW - DAY)),
        pg_dump_warnings=("no way to sort fa and fb", 'database "shop" has a collation version mismatch'),
    )
    found = Catalog("shop", (CatalogEntry(warned, verified=True),))
    said = ("When the backup was made, pg_dump warned: no way to sort fa and fb.",)
    for request in (RestoreRequest(), RestoreRequest(backup_id=warned.backup_id)):
        assert choose_backup(found, request).warnings == said


def test_what_a_backup_lacks_is_told_whichever_way_it_was_chosen() -> None:
    lacking = replace(manifest(BackupId.at(NOW - DAY)), lacks=("subscription orders",))
    found = Catalog("shop", (CatalogEntry(lacking, verified=True),))
    said = ("The backup lacks subscription orders: create it by hand afterwards, or do without it.",)
    for request in (RestoreRequest(), RestoreRequest(backup_id=lacking.backup_id)):
        assert choose_backup(found, request).warnings == said
