"""Promises of the policy that says when a backup is restored for the proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.drill_policy import drill_due
from dbops.domain.options.drill import DrillOptions
from tests.unit.samples import manifest, verification

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKLY = DrillOptions(every=7 * DAY)


def entry(age: timedelta, *, ok: bool | None = None, schema: str = "same") -> CatalogEntry:
    backup = manifest(BackupId.at(NOW - age))
    if ok is None:
        return CatalogEntry(backup)
    proof = verification(backup.backup_id, finished=NOW - age, ok=ok, schema=schema)
    return CatalogEntry(backup, verified=ok, verification=proof)


def due(*entries: CatalogEntry, schema: str | None = "same") -> tuple[str | None, str]:
    found = drill_due(Catalog("app", entries), WEEKLY, NOW, schema_fingerprint=lambda _: schema)
    return found.backup_id, found.reason


def test_the_first_backup_is_drilled() -> None:
    first = entry(DAY)

    assert due(first) == (first.backup_id, "no backup has been proven yet")


def test_the_newest_backup_is_drilled_when_the_last_proof_is_old() -> None:
    newest = entry(DAY)

    assert due(entry(8 * DAY, ok=True), entry(2 * DAY), newest) == (newest.backup_id, "the last proof is 8d old")


def test_nothing_is_drilled_while_the_last_proof_is_fresh() -> None:
    assert due(entry(3 * DAY, ok=True), entry(DAY))[0] is None
    assert due(entry(7 * DAY - timedelta(seconds=1), ok=True), entry(DAY))[0] is None
    assert due(entry(7 * DAY, ok=True), entry(DAY))[1] == "the last proof is 7d old"


def test_the_first_backup_after_a_change_of_the_schema_is_drilled() -> None:
    newest = entry(DAY)

    found = due(entry(3 * DAY, ok=True), newest, schema="other")

    assert found == (newest.backup_id, "the schema has changed since the last proof")


def test_a_schema_that_cannot_be_read_is_a_reason_to_drill() -> None:
    newest = entry(DAY)

    assert due(entry(3 * DAY, ok=True), newest, schema=None)[0] == newest.backup_id


def test_the_schema_is_that_of_the_newest_backup_and_is_only_read_where_nothing_else_is_a_reason() -> None:
    read: list[BackupId] = []
    proven, newest = entry(3 * DAY, ok=True), entry(DAY)

    for others in ((), (entry(8 * DAY, ok=True),), (entry(3 * DAY, ok=False),), (proven,)):
        drill_due(Catalog("app", (*others, newest)), WEEKLY, NOW, schema_fingerprint=read.append)
    drill_due(Catalog("app", (proven,)), WEEKLY, NOW, schema_fingerprint=read.append)

    assert read == [newest.backup_id]


def test_after_a_failure_the_next_backup_is_drilled_at_once() -> None:
    newest = entry(DAY)

    found = due(entry(3 * DAY, ok=True), entry(2 * DAY, ok=False), newest)

    assert found == (newest.backup_id, "the backup before it failed its verification")


def test_a_failure_counts_after_its_backup_has_expired() -> None:
    good, bad, newest = entry(3 * DAY, ok=True), entry(2 * DAY, ok=False), entry(DAY)
    assert bad.verification is not None

    # What is not good is let go as soon as a newer backup exists, which is before that one's drill begins.
    found = drill_due(
        Catalog("app", (good, newest), past=(bad.verification,)), WEEKLY, NOW, schema_fingerprint=lambda _: "same"
    )

    assert found.backup_id == newest.backup_id
    assert found.reason == "the backup before it failed its verification"


def test_a_failure_is_over_when_a_newer_backup_was_proven() -> None:
    bad, good = entry(3 * DAY, ok=False), entry(2 * DAY, ok=True)

    assert due(bad, good, entry(DAY))[0] is None


def test_no_backup_is_drilled_twice_for_its_schedule() -> None:
    assert due(entry(30 * DAY, ok=True)) == (None, "the newest backup has its verdict")
    assert due(entry(DAY, ok=False))[0] is None
    assert due() == (None, "there is no backup")


def test_a_proof_counts_after_its_backup_has_expired_while_another_one_is_proven() -> None:
    expired, proven, newest = entry(3 * DAY, ok=True).verification, entry(9 * DAY, ok=True), entry(DAY)
    assert expired is not None
    catalog = Catalog("app", (proven, newest), past=(expired,))

    found = drill_due(catalog, WEEKLY, NOW, schema_fingerprint=lambda _: "same")

    assert found.backup_id is None
    assert found.reason == f"{expired.backup_id} was proven 3d ago, and the schema is the same"


def test_where_no_backup_that_is_left_is_proven_the_newest_is_drilled_at_once() -> None:
    gone, newest = entry(3 * DAY, ok=True).verification, entry(DAY)
    assert gone is not None

    found = drill_due(Catalog("app", (newest,), past=(gone,)), WEEKLY, NOW, schema_fingerprint=lambda _: "same")

    assert found.backup_id == newest.backup_id
    assert found.reason == "the backup that was proven last is gone, and no other one is proven"


def test_a_verdict_without_readable_details_proves_nothing_about_the_schema() -> None:
    newest = entry(DAY)

    assert due(CatalogEntry(manifest(BackupId.at(NOW - 2 * DAY)), verified=True), newest)[0] == newest.backup_id


AGES = st.tuples(st.integers(1, 60), st.sampled_from([True, False, None]))


@given(history=st.lists(AGES, max_size=12, unique_by=lambda pair: pair[0]), same=st.booleans())
def test_whatever_happened_a_drill_is_of_the_newest_backup_and_is_never_put_off_beyond_the_interval(
    history: list[tuple[int, bool | None]], *, same: bool
) -> None:
    entries = [entry(age * DAY, ok=ok) for age, ok in sorted(history, reverse=True)]

    found, _ = due(*entries, schema="same" if same else "other")

    if found is not None:
        assert found == entries[-1].backup_id
    proofs = [age for age, ok in history if ok]
    if entries and entries[-1].verified is None and (not proofs or min(proofs) >= 7):
        assert found is not None
