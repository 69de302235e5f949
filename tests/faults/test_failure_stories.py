"""Ten ways in which backups failed elsewhere without anybody noticing: docs/failure-stories.md tells them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from backports import zstd

from dbops.domain.backups.backup import BackupId, BackupManifest, FileEntry
from dbops.domain.backups.layout import Layout
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import execute, opened
from tests.faults.hostile_s3 import Mischief
from tests.faults.shop import SHOP, Shop, opened_shop
from tests.unit.samples import claim, manifest, store_backup, target, verification

DAY = timedelta(days=1)
NOTHING_NEWER = "its verification failed, but there is no newer good backup"
FEW = 50
"""Rows of a table that nobody misses when it is gone from the next backup."""

ONLY_THE_NEWEST = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}


@pytest.fixture(scope="module")
def template(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    postgres_server.create_database("shop_to_copy")
    execute(postgres_server.url("shop_to_copy"), *SHOP)
    yield "shop_to_copy"
    postgres_server.drop_database("shop_to_copy")


@pytest.fixture
def shop(  # noqa: PLR0917 - fixtures have no other way
    postgres_server: EmbeddedPostgres,
    template: str,
    s3_server: SeaweedS3,
    bucket_name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shop]:
    wanted = target(storage={"bucket": bucket_name, "s3": {"addressing_style": "path"}})
    with (
        opened(wanted, s3_server) as bucket,
        opened_shop(postgres_server, template, s3_server, bucket, place=tmp_path, capture=capsys) as made,
    ):
        yield made


# Empty dump counted as success


def test_an_empty_dump_is_no_success(shop: Shop) -> None:
    """Elsewhere a pipe hid that pg_dump had failed: the night was green, and an empty file took a backup's place.

    Here a pg_dump that says all went well and leaves no archive, or one whose tables were cut off, leaves no backup.
    """
    good = shop.back_up()
    before = shop.keys()
    shop.replace_program("pg_dump", "exit 0")
    status, said = shop.ask("backup", "shop", later=DAY)
    assert status == 3
    assert "left no archive" in said["error"]
    assert "hides how the program ended" in said["remedy"]
    assert shop.keys() == before
    assert list(shop.backups()) == [good]


def test_a_backup_of_a_database_that_was_emptied_is_told(shop: Shop) -> None:
    """Elsewhere the job dumped a database that somebody had emptied, and every night another full backup expired.

    Here a backup that has lost its rows is made and is an alert; the one before it is kept.
    """
    good = shop.back_up()
    shop.tell("TRUNCATE photos", "DELETE FROM customers")
    status, report = shop.ask("backup", "shop", later=DAY)
    assert status == 1
    assert any("100 % fewer rows" in warning for warning in report["warnings"]), report
    assert shop.ask("expire", "shop", later=DAY)[0] == 0
    assert good in shop.backups()


def test_a_table_that_was_emptied_is_told_by_name_and_once(shop: Shop) -> None:
    """Elsewhere somebody had emptied one table of many: the dump was hardly smaller, and nobody was told.

    Here it is named with what it had, and the backup that still has it; the night after that is no news.
    """
    good = shop.back_up()
    shop.tell("TRUNCATE customers")
    status, report = shop.ask("backup", "shop", later=DAY)
    assert status == 1
    [warning] = report["warnings"]
    assert "public.customers (3,000, and now 0)" in warning
    assert f'`python -m dbops hold shop {good} --reason "rows were lost"`' in warning
    status, report = shop.ask("backup", "shop", later=2 * DAY)
    assert (status, report["warnings"]) == (0, [])


# Truncated dump accepted for months


def test_a_dump_that_is_cut_off_is_no_backup(shop: Shop) -> None:
    """Elsewhere a full disk cut every dump short, a wrapper hid the status, and months later none could be restored.

    Here each table is read to its end while it is sent: where the end is missing, whatever the status, is no backup.
    """
    good = shop.back_up()
    before = shop.keys()
    shop.replace_program("pg_dump", 'ulimit -f 500; "$REAL" "$@"; exit 0')
    status, said = shop.ask("backup", "shop", later=DAY)
    assert status == 3
    assert "not whole" in said["error"]
    assert said["remedy"]
    assert shop.keys() == before
    assert list(shop.backups()) == [good]


def test_a_file_that_was_cut_off_in_the_bucket_is_found_by_the_next_drill(shop: Shop) -> None:
    """Elsewhere backups were damaged where they lay, and nobody read one before the day it was needed.

    Here a drill restores one every week at the latest: the backup is called bad, and no rule counts on it any more.
    """
    damaged = shop.back_up()
    key = max(shop.bucket.list(shop.layout.backups), key=lambda stored: stored.bytes).key
    shop.bucket.put(key, shop.bucket.get(key)[:-100])
    status, report = shop.ask("drill", "shop", "--if-due", later=DAY)
    assert status == 1
    assert key.rpartition("/")[2] in json.dumps(report["verification"]["findings"])
    assert shop.backups()[damaged]["verified"] is False
    status, watched = shop.ask("watch", later=DAY)
    assert status == 1
    assert damaged in json.dumps(watched["problems"])


# Restore green with nothing restored


def test_a_restore_that_restored_nothing_is_not_green(shop: Shop) -> None:
    """Elsewhere pg_restore failed, `|| true` swallowed it, and the test of the restore was green on an empty database.

    Here a restore that ends well is nothing yet: what came back is counted, and what is not the backup is dropped.
    """
    shop.back_up()
    shop.replace_program("pg_restore", "exit 0")
    status, said = shop.ask("restore", "shop")
    assert status == 3
    assert "never asked for" in said["error"]
    assert shop.restored() == []
    assert [backup["verified"] for backup in shop.backups().values()] == [None]


def test_a_drill_of_an_archive_without_rows_is_not_green(shop: Shop) -> None:
    """Elsewhere the drill only looked whether pg_restore ended well, and it does so on tables without rows.

    Here every table has as many rows as its manifest says, or the backup is bad.
    """
    backup_id = BackupId(shop.back_up())
    folder, key = shop.layout.folder(backup_id), shop.layout.manifest(backup_id)
    made = BackupManifest.from_json(shop.bucket.get(key))
    emptied = zstd.compress(b"\\.\n\n\n")
    files = []
    for file in made.files:
        if file.name.endswith(".zst"):
            shop.bucket.put(folder + file.name, emptied)
            file = FileEntry(file.name, len(emptied), hashlib.sha256(emptied).hexdigest())  # noqa: PLW2901
        files.append(file)
    shop.bucket.put(key, replace(made, files=tuple(files)).to_json())
    status, report = shop.ask("drill", "shop")
    assert status == 1
    findings = json.dumps(report["verification"]["findings"])
    for table, rows in (("customers", 3000), ("photos", 7000)):
        assert f"Table public.{table} has 0 rows; the backup has {rows}." in findings


# Retention deleting the new backups after a major upgrade


def test_after_a_major_upgrade_the_old_backups_expire_and_not_the_new_ones(shop: Shop) -> None:
    """Elsewhere "newest" was the highest position in the log or the highest version as text, and both begin anew.

    Here a backup is as old as the time in its id, whatever server, program or position its manifest tells of.
    """
    shop.configure(retention=ONLY_THE_NEWEST)
    for ago, server in ((3, "9.6.24"), (2, "16.9")):
        old = manifest(shop.now - ago * DAY, rows=FEW)
        store_backup(
            shop.bucket,
            shop.layout,
            replace(
                old,
                database=shop.database,
                server_version=server,
                pg_dump_version=server,
                lsn="FFFF/FFFFFFFF",
            ),
        )
    new = shop.back_up()
    status, report = shop.ask("expire", "shop")
    assert status == 0
    assert list(report["kept"]) == [new]
    assert len(report["expired"]) == 2
    assert list(shop.backups()) == [new]


# Retention counting failed backups or another database's


def test_retention_counts_good_backups_of_its_own_database_only(shop: Shop) -> None:
    """Elsewhere "keep the last seven" counted seven failed nights, or seven backups of a database with a longer name.

    Here what never finished, what failed its drill and what belongs to another target takes no good backup's place.
    """
    shop.configure(retention=ONLY_THE_NEWEST)
    good = shop.back_up(later=-10 * DAY)
    damaged = [BackupId.at(shop.now - ago * DAY) for ago in (9, 8)]
    for failed in damaged:
        store_backup(shop.bucket, shop.layout, manifest(failed))
        shop.bucket.put(shop.layout.verification(failed), verification(failed, ok=False).to_json())
    for ago in (7, 6):
        unfinished = BackupId.at(shop.now - ago * DAY)
        shop.bucket.put(shop.layout.started(unfinished), claim(unfinished).to_json())
        shop.bucket.put(f"{shop.layout.folder(unfinished)}toc.dat", b"PGDMP")
    others = Layout(f"{shop.target.root.removesuffix('/')}_archive/")
    for ago in (5, 4):
        moment = shop.now - ago * DAY
        store_backup(shop.bucket, others, manifest(moment, of="shop_archive"))
        store_backup(shop.bucket, shop.layout, manifest(moment, of="shop_archive"))  # copied to the wrong place
    foreign = shop.keys(others.root)
    status, report = shop.ask("expire", "shop")
    assert status == 1  # two manifests of another target are told
    assert report["kept"].keys() == {good, *damaged}
    assert report["kept"][good][0] == "last 1 of 1"
    assert all(report["kept"][failed] == [NOTHING_NEWER] for failed in damaged)
    assert shop.ask("restore", "shop", "--plan")[1]["backup_id"] == good
    assert shop.keys(others.root) == foreign


# Retention blocked for ever by one missing file


def test_a_missing_file_does_not_stop_retention(shop: Shop) -> None:
    """Elsewhere somebody had deleted a file of an old backup, and retention stopped there every night from then on.

    Here what is let go is deleted with whatever of it is there, and what cannot be read is told and left alone.
    """
    shop.configure(retention=ONLY_THE_NEWEST)
    old = [BackupId.at(shop.now - ago * DAY) for ago in (5, 4, 3, 2)]
    for backup_id in old:
        store_backup(shop.bucket, shop.layout, replace(manifest(backup_id, rows=FEW), database=shop.database))
    without_data, without_claim, unreadable, whole = old
    shop.bucket.delete(f"{shop.layout.folder(without_data)}3001.dat.zst")
    shop.bucket.delete(shop.layout.started(without_claim))
    shop.bucket.put(shop.layout.manifest(unreadable), b'{"backup_id": ')
    left_alone = shop.keys(shop.layout.folder(unreadable))
    new = shop.back_up()
    status, report = shop.ask("expire", "shop")
    assert status == 1
    assert unreadable in json.dumps(report["warnings"])
    assert set(report["expired"]) == {without_data, without_claim, whole}
    assert shop.keys(shop.layout.backups) == sorted(left_alone + shop.keys(shop.layout.folder(BackupId(new))))


# Schedule stopped and nobody knew


def test_a_schedule_that_stopped_is_told_within_the_day(shop: Shop) -> None:
    """Elsewhere the job had been switched off, so that nothing failed, nothing was mailed, and nothing was backed up.

    Here the watch goes by what lies in the bucket: no new backup for a day is a problem, and is told.
    """
    shop.back_up()
    assert shop.ask("watch", later=timedelta(hours=20))[0] == 0
    status, report = shop.ask("watch", later=3 * DAY)
    assert status == 1
    assert [problem["kind"] for problem in report["problems"]] == ["backup is late"]
    assert report["problems"][0]["remedy"]


# S3 error read as success


def test_an_error_that_the_store_sends_with_status_200_is_an_error(shop: Shop) -> None:
    """Elsewhere S3 answered 200 to the end of an upload, with an error in the body, and the client took it for done.

    Here the body is read: the backup fails, in a sentence, and there is none.
    """
    shop.proxy.misbehave(Mischief.ERROR_IN_200, when=lambda request: request.is_completion)
    status, said = shop.ask("backup", "shop")
    assert shop.proxy.spoiled
    assert status == 3
    assert "InternalError" in said["error"]
    assert said["remedy"]
    assert shop.backups() == {}


def test_a_listing_that_fails_is_not_an_empty_bucket(shop: Shop) -> None:
    """Elsewhere an error while listing was read as "there is nothing": what was there was deleted, or called missing.

    Here nothing is deleted or restored by half a listing, and the watch says that the store cannot be read.
    """
    shop.configure(retention=ONLY_THE_NEWEST)
    for ago in (2, 1):
        store_backup(shop.bucket, shop.layout, manifest(shop.now - ago * DAY))
    before = shop.keys()
    shop.proxy.misbehave(Mischief.SLOW_DOWN, when=lambda request: "list-type" in request.query)
    for words in (("backups", "shop"), ("expire", "shop"), ("restore", "shop", "--plan"), ("backup", "shop")):
        status, said = shop.ask(*words)
        assert status == 3, words
        assert "SlowDown" in said["error"], words
    status, report = shop.ask("watch")
    assert status == 1
    assert "SlowDown" in json.dumps(report["problems"])
    assert shop.keys() == before


# Privileges missing and the error text saved as the backup


def test_missing_privileges_are_named_and_their_text_is_no_backup(shop: Shop) -> None:
    """Elsewhere "permission denied" went where the dump was to go, and was kept, rotated and paid for as the backup.

    Here the tables that the role may not read are named before anything is stored, with what to grant.
    """
    role = f"reader_{shop.database}"
    shop.tell(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'", f"GRANT SELECT ON customers TO {role}")
    shop.connect_as(shop.server.url(shop.database, user=role, password="secret"))
    try:
        status, said = shop.ask("backup", "shop")
        assert status == 3
        assert "public.photos" in said["error"]
        assert "pg_read_all_data" in said["remedy"]
        assert shop.keys() == []
        shop.tell(f"GRANT pg_read_all_data TO {role}")
        folder = shop.layout.folder(BackupId(shop.back_up()))
        assert shop.bucket.get(f"{folder}toc.dat").startswith(b"PGDMP")
        assert b"denied" not in shop.bucket.get(f"{folder}globals.sql")
    finally:
        shop.tell(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


# Failed validation that stayed green


def test_a_failed_validation_is_red(shop: Shop) -> None:
    """Elsewhere rules were broken, the report said so, and the task that had asked was green all the same.

    Here a broken rule, and one that could not be asked, end the checks with a status of their own and as a failure.
    """
    shop.write_rules("name <> 'customer 7'", "no_such_column > 0")
    status, report = shop.ask("check", "shop")
    assert status == 1
    assert report["verdict"] == "failed"
    assert sorted(result["outcome"] for result in report["results"]) == ["could not evaluate", "failed"]
