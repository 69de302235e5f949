"""Promise: an archive comes out of the bucket into a database as it went in, and damage is found before it counts."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from backports import zstd

from dbops.domain.archives.selection import select
from dbops.errors import BackupUnusable, DbopsError, PreflightFailed, RestoreFailed
from dbops.gateways.processes.programs import find_pg_restore
from tests.backups import Desk, counted_rows, difference, execute
from tests.loading import SHOP, Loader


def test_the_trap_database_comes_back_equal(
    loader: Loader, desk: Desk, trap_database: str, restored_database: str
) -> None:
    archive = loader.back_up(trap_database)

    loaded = loader.load(archive, restored_database)

    assert [complaint.text for complaint in loaded.complaints if not complaint.harmless] == []
    assert loaded.downloaded == sum(file.bytes for file in archive.data_files)
    assert difference(desk.programs.dump(restored_database), desk.programs.dump(trap_database)) == []
    assert [path for path in desk.place.iterdir() if path.name.startswith("dbops-")] == []


def test_one_job_loads_it_as_well(loader: Loader, desk: Desk, trap_database: str, restored_database: str) -> None:
    loader.load(loader.back_up(trap_database), restored_database, jobs=1)

    assert difference(desk.programs.dump(restored_database), desk.programs.dump(trap_database)) == []


def test_owners_and_grants_can_be_left_out(loader: Loader, trap_database: str, restored_database: str) -> None:
    loader.load(loader.back_up(trap_database), restored_database, clean_owners=True)

    assert counted_rows(restored_database) == counted_rows(trap_database)
    with psycopg.connect(restored_database) as connection:
        owners = connection.execute(
            """SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
               WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"""
        ).fetchall()
    assert owners == [("postgres",)]


@pytest.mark.parametrize("shorten", [False, True])
def test_a_damaged_data_file_fails_the_load_and_is_named(
    loader: Loader, empty_database: str, restored_database: str, *, shorten: bool
) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)
    largest = max(archive.data_files, key=lambda file: file.bytes)
    key = loader.damage(largest.name, shorten=shorten)

    with pytest.raises((BackupUnusable, RestoreFailed)) as refused:
        loader.load(archive, restored_database)

    assert key in str(refused.value) or "pg_restore" in str(refused.value)
    with pytest.raises(DbopsError):
        loader.load(archive, restored_database)


def test_a_valid_file_of_another_backup_is_noticed(loader: Loader, empty_database: str, restored_database: str) -> None:
    """Size, zstd and rows are in order, so that pg_restore would load it; only the sha256 knows."""
    execute(empty_database, "CREATE TABLE t AS SELECT n FROM generate_series(100, 199) n")
    archive = loader.back_up(empty_database)
    (file,) = archive.data_files
    text = zstd.decompress(loader.bucket.get(archive.folder + file.name))
    forgeries = (_compressed(text.replace(b"100\n", b"%d\n" % number, 1)) for number in range(200, 1000))
    loader.bucket.put(archive.folder + file.name, next(body for body in forgeries if len(body) == file.bytes))

    with pytest.raises(BackupUnusable, match="is damaged: its sha256"):
        loader.load(loader.open(), restored_database)


def _compressed(text: bytes) -> bytes:
    stream = zstd.ZstdCompressor(level=1)
    return stream.compress(text) + stream.flush()


@pytest.mark.parametrize("name", ["toc.dat", "manifest.json", "data"])
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_done(
    loader: Loader, empty_database: str, name: str
) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)
    file = archive.data_files[0].name if name == "data" else name
    loader.bucket.delete(archive.folder + file)

    with pytest.raises(BackupUnusable) as refused:
        loader.open()

    assert file in str(refused.value)


def test_a_damaged_table_of_contents_is_refused(loader: Loader, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    loader.back_up(empty_database)
    key = loader.damage("toc.dat")

    with pytest.raises(BackupUnusable) as refused:
        loader.open()

    assert key in str(refused.value)
    assert "damaged" in str(refused.value)


def test_a_manifest_of_an_unknown_version_or_of_another_target_is_refused(loader: Loader, empty_database: str) -> None:
    archive = loader.back_up(empty_database)
    key = f"{archive.folder}manifest.json"
    body = loader.bucket.get(key)
    for old, new in ((b'"format": 1', b'"format": 3'), (b'"target": "vault"', b'"target": "other"'), (b"{", b"[")):
        assert old in body
        loader.bucket.put(key, body.replace(old, new, 1))
        with pytest.raises(BackupUnusable) as refused:
            loader.open()
        assert "manifest" in str(refused.value)


def test_an_unknown_and_an_unfinished_backup_are_told_apart(loader: Loader, empty_database: str) -> None:
    with pytest.raises(BackupUnusable, match="does not exist"):
        loader.open()
    archive = loader.back_up(empty_database)
    loader.bucket.delete(f"{archive.folder}manifest.json")
    with pytest.raises(BackupUnusable, match="never finished"):
        loader.open()


def test_a_missing_extension_fails_the_load_with_a_remedy_and_no_row_is_told(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (4711)")
    archive = loader.back_up(empty_database)
    execute(restored_database, "CREATE TABLE t (n text CHECK (n = 'never'))")

    with pytest.raises(RestoreFailed) as refused:
        loader.load(archive, restored_database)

    assert 'relation "t" already exists' in str(refused.value)
    assert "4711" not in str(refused.value)


def test_chosen_tables_come_with_all_they_need_and_only_their_files_are_fetched(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)
    chosen = select(archive.entries, tables=["crm.customers"])

    loaded = loader.load(archive, restored_database, chosen)

    assert chosen.tables == {("crm", "customers")}
    assert counted_rows(restored_database) == {("crm", "customers"): 100}
    assert loaded.downloaded < 10_000
    with psycopg.connect(restored_database) as connection:
        row = connection.execute(
            """INSERT INTO crm.customers (mood) VALUES ('sad') RETURNING id, name,
               (SELECT count(*) FROM pg_indexes WHERE schemaname = 'crm'),
               (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal),
               obj_description('crm.customers'::regclass)"""
        ).fetchone()
    assert row == (101, "x", 2, 1, "who buys")


def test_a_foreign_key_to_a_table_that_stays_behind_is_left_out_and_told(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)
    chosen = select(archive.entries, tables=["orders", "lines"])

    loader.load(archive, restored_database, chosen)

    assert counted_rows(restored_database) == {("crm", "orders"): 100, ("crm", "lines"): 0}
    assert chosen.left_out == ("foreign key orders orders_customer_fkey, whose other table is not restored",)
    with psycopg.connect(restored_database) as connection:
        keys = connection.execute("SELECT conname FROM pg_constraint WHERE contype = 'f'").fetchall()
    assert keys == [("lines_order_fkey",)]


def test_a_partitioned_table_comes_with_its_partitions_and_a_partition_without_its_siblings(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)

    whole = select(archive.entries, tables=["events"])
    part = select(archive.entries, tables=["events_1"])

    assert whole.tables == {("public", "events_1"), ("public", "events_2")}
    assert part.tables == {("public", "events_1")}
    loader.load(archive, restored_database, whole)
    with psycopg.connect(restored_database) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row == (50,)


def test_a_schema_comes_alone(loader: Loader, empty_database: str, restored_database: str) -> None:
    execute(empty_database, *SHOP)
    archive = loader.back_up(empty_database)

    loader.load(archive, restored_database, select(archive.entries, schemas=["crm"]))

    assert set(counted_rows(restored_database)) == {("crm", "customers"), ("crm", "orders"), ("crm", "lines")}


def test_a_pg_restore_that_is_too_old_says_what_to_install(tmp_path: Path) -> None:
    old = tmp_path / "pg_restore"
    old.write_text("#!/bin/sh\necho 'pg_restore (PostgreSQL) 15.3'\n")
    old.chmod(0o755)

    with pytest.raises(PreflightFailed, match=f"pg_restore 99 or newer is needed .*{old} is 15.3"):
        find_pg_restore(tmp_path, "99.1")


@pytest.mark.parametrize(("lz4", "methods"), [(True, {"lz4"}), (False, {"pglz"})])
def test_large_values_are_compressed_as_asked_and_read_alike(
    loader: Loader, empty_database: str, restored_database: str, lz4: bool, methods: set[str]
) -> None:
    execute(
        empty_database,
        "CREATE TABLE letters (body text)",
        "INSERT INTO letters SELECT repeat(md5(n::text), 1000) FROM generate_series(1, 5) n",
    )
    archive = loader.back_up(empty_database)

    loader.load(archive, restored_database, lz4=lz4)

    with psycopg.connect(restored_database) as connection:
        rows = connection.execute("SELECT pg_column_compression(body), md5(body) FROM letters ORDER BY 2").fetchall()
    with psycopg.connect(empty_database) as connection:
        source = connection.execute("SELECT md5(body) FROM letters ORDER BY 1").fetchall()
    assert {method for method, _ in rows} == methods
    assert [(body,) for _, body in rows] == source
