"""Promise: a backup of another database, or on another cluster, than the one before it says so, and once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.origin import origin_warnings
from tests.unit.samples import DAY, NOW, manifest


def backup(days_ago: int, database: str = "shop", cluster: str | None = "7588") -> BackupManifest:
    return replace(manifest(NOW - days_ago * DAY), database=database, system_identifier=cluster)


LAST = backup(1)


def test_another_database_on_the_same_cluster_is_told_with_both_names_and_what_to_do() -> None:
    assert origin_warnings(backup(0, "crm"), [LAST]) == (
        "This backup is of the database crm, and 20261121T120000Z of shop. If nobody has moved or renamed the "
        "database, the connection leads to the wrong place: find out where, and hold 20261121T120000Z before "
        'retention lets it go, `python -m dbops hold shop 20261121T120000Z --reason "of the right database"`. '
        "This is reported once; the next backup is compared with this one.",
    )


def test_another_cluster_is_told_with_both_identifiers_and_when_that_is_as_it_should_be() -> None:
    (told,) = origin_warnings(backup(0, cluster="7712"), [LAST])

    assert told.startswith(
        "This backup is on another cluster than 20261121T120000Z: its system identifier is 7712, and was 7588, as "
        "after a new server or pg_upgrade. If nobody"
    )


def test_both_are_told_in_one_sentence() -> None:
    (told,) = origin_warnings(backup(0, "crm", "7712"), [LAST])

    assert "is of the database crm, and 20261121T120000Z of shop, and on another cluster than" in told


def test_the_same_database_on_the_same_cluster_is_no_news() -> None:
    assert origin_warnings(backup(0), [LAST]) == ()
    assert origin_warnings(backup(0, "crm", "7712"), []) == ()


def test_it_is_told_by_the_first_backup_alone_and_again_on_the_way_back() -> None:
    moved = backup(0, "crm", "7712")

    assert origin_warnings(backup(-1, "crm", "7712"), [LAST, moved]) == ()
    assert origin_warnings(moved, [LAST, moved]) == origin_warnings(moved, [LAST])
    assert len(origin_warnings(backup(-1), [LAST, moved])) == 1


def test_the_newest_older_one_counts_in_whatever_order_they_are_given() -> None:
    history = [backup(1), backup(3, "crm", "7712"), backup(2, "crm", "7712"), backup(-1, "crm", "7712")]

    assert origin_warnings(backup(0), history) == ()


@pytest.mark.parametrize(("new", "old"), [(None, "7588"), ("7588", None), (None, None)])
def test_a_cluster_that_nobody_knows_is_no_other_one(new: str | None, old: str | None) -> None:
    assert origin_warnings(backup(0, cluster=new), [backup(1, cluster=old)]) == ()


def test_a_backup_in_between_whose_cluster_nobody_knows_hides_no_move() -> None:
    (told,) = origin_warnings(backup(0, cluster="7712"), [backup(2), backup(1, cluster=None)])

    assert "on another cluster than 20261120T120000Z" in told
    assert "hold 20261121T120000Z" in told


def test_what_a_manifest_calls_its_database_is_shown_and_never_obeyed() -> None:
    (told,) = origin_warnings(backup(0), [backup(1, "crm\n\x1b[2J", "75\n")])

    assert "20261121T120000Z of crm\\n\\x1b[2J, and" in told
    assert "was 75\\n, as" in told
