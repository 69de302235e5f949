"""Promises on databases, roles and options off the beaten track."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.dump import spool
from dbops.jobs.backups.preflight import preflight
from demo.postgres import EmbeddedPostgres
from tests.backups import (
    Desk,
    backed_up,
    counted_rows,
    difference,
    download,
    execute,
    folder_of,
    manifest_rows,
    target,
)


def test_an_empty_database_has_a_backup_of_no_tables_that_restores(
    desk: Desk, empty_database: str, restored_database: str
) -> None:
    manifest, folder = desk.back_up(empty_database)
    assert manifest["tables"] == []
    desk.programs.restore(folder, restored_database)


@pytest.mark.parametrize("name", ["od'd \"\\ %20 é", "a=b", "postgresql://x", "-rf"])
def test_a_database_with_a_difficult_name_is_backed_up(
    name: str, desk: Desk, postgres_server: EmbeddedPostgres
) -> None:
    postgres_server.create_database(name)
    try:
        execute(postgres_server.url(name), "CREATE TABLE t AS SELECT generate_series(1, 7)")
        manifest, _ = desk.back_up(postgres_server.url(name))
    finally:
        postgres_server.drop_database(name)
    assert manifest["database"] == name
    assert manifest_rows(manifest) == {("public", "t"): 7}


@pytest.fixture
def reader(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A role that may read every table, and nothing else."""
    name, password = f"reader_{secrets.token_hex(4)}", "p@ss:w/rd'%"
    postgres_server.create_role(name, password)
    execute(postgres_server.url(), f"GRANT pg_read_all_data TO {name}", f"ALTER ROLE {name} BYPASSRLS")
    yield f"{name}:{quote(password, safe='')}"
    execute(postgres_server.url(), f"DROP ROLE {name}")


def test_a_role_that_may_read_everything_and_do_nothing_makes_a_whole_backup(
    desk: Desk,
    reader: str,
    trap_database: str,
    empty_database: str,
    postgres_server: EmbeddedPostgres,
) -> None:
    role = reader.partition(":")[0]
    source = postgres_server.url("trap_copy")
    template = trap_database.rpartition("/")[2]
    execute(postgres_server.url(), f"CREATE DATABASE trap_copy TEMPLATE {template}")
    try:
        # pg_read_all_data covers no large objects, and the options of others' user mappings are for superusers only.
        execute(
            source,
            "DO $$ DECLARE n oid; BEGIN FOR n IN SELECT oid FROM pg_largeobject_metadata LOOP "  # noqa: S608 - ours
            f"EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO {role}', n); END LOOP; END $$",
            'DROP USER MAPPING FOR trap_reader SERVER "far away"',
        )
        manifest, folder = desk.back_up(source.replace(f"postgres:{postgres_server.password}", reader))
        assert manifest_rows(manifest) == counted_rows(source)
        desk.programs.restore(folder, empty_database)
        assert difference(desk.programs.dump(source), desk.programs.dump(empty_database)) == []
        execute(empty_database, f"DROP OWNED BY {role}")
    finally:
        postgres_server.drop_database("trap_copy")


@pytest.fixture
def tied_database(empty_database: str, reader: str, postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database that is tied to others, as the role reaches it that may read everything and do nothing."""
    execute(
        empty_database,
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw",
        "CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'me', password 'hunter2')",
        "CREATE SUBSCRIPTION orders CONNECTION 'password=hunter2' PUBLICATION x "
        "WITH (connect = false, slot_name = NONE)",
    )
    yield empty_database.replace(f"postgres:{postgres_server.password}", reader)
    execute(empty_database, "DROP SUBSCRIPTION orders")


@pytest.mark.parametrize("allow", [[], ["partial_backup"]])
def test_what_only_a_superuser_may_read_is_told_by_the_report_and_the_manifest_without_its_secrets(
    desk: Desk, tied_database: str, restored_database: str, allow: list[str]
) -> None:
    wanted = target(desk.bucket).model_copy(update={"allow": frozenset(allow)})
    report = backed_up(wanted, tied_database, desk.store, desk.programs.folder)
    folder = desk.place / "fetched"
    manifest = download(desk.client, desk.bucket, folder_of(report, desk.bucket), folder)

    assert manifest["lacks"] == [
        "subscription orders",
        "the options of the user mapping of postgres for the server far",
    ]
    said = report.notes if allow else report.warnings
    assert [each.partition(":")[0] for each in said] == [
        "The backup lacks subscription orders",
        "The backup lacks the options of the user mapping of postgres for the server far",
    ]
    assert (report.notes, report.warnings) == ((said, ()) if allow else ((), said))
    assert "hunter2" not in report.to_json() + repr(manifest)
    desk.programs.restore(folder, restored_database)
    with psycopg.connect(restored_database) as connection:
        assert connection.execute("SELECT usename, umoptions FROM pg_user_mappings").fetchall() == [("postgres", None)]


def test_a_backup_of_another_database_or_cluster_than_the_last_one_says_so_once(
    desk: Desk, empty_database: str, restored_database: str
) -> None:
    wanted = target(desk.bucket)
    reports = [
        backed_up(wanted, url, desk.store, desk.programs.folder, ago=timedelta(minutes=ago))
        for ago, url in ((4, empty_database), (3, empty_database), (2, restored_database), (1, restored_database))
    ]
    key = f"{folder_of(reports[-1], desk.bucket)}manifest.json"
    body = json.loads(desk.client.get_object(Bucket=desk.bucket, Key=key)["Body"].read())
    desk.client.put_object(Bucket=desk.bucket, Key=key, Body=json.dumps(body | {"system_identifier": "7588"}).encode())
    moved = backed_up(wanted, restored_database, desk.store, desk.programs.folder)

    first, second = (url.rpartition("/")[2] for url in (empty_database, restored_database))
    assert [len(report.warnings) for report in (*reports, moved)] == [0, 0, 1, 0, 1]
    assert f"This backup is of the database {second}, and {reports[1].backup_id} of {first}. " in reports[2].markdown()
    (told,) = moved.warnings
    assert f"on another cluster than {reports[3].backup_id}: its system identifier is " in told
    assert ", and was 7588, " in told


@pytest.mark.parametrize("split", [False, True])
def test_what_pg_dump_warns_of_and_ends_well_is_in_the_manifest_and_news_once(
    desk: Desk, moved_database: str, split: bool
) -> None:
    """Functions of which each needs the other are written all the same, and no restore can create them."""
    called = "RETURNS int BEGIN ATOMIC SELECT {}; END"
    execute(
        moved_database,
        "CREATE TABLE films AS SELECT n, 'film ' || n AS title FROM generate_series(1, 90000) n",
        "VACUUM ANALYZE",
        f"CREATE FUNCTION fa() {called.format('1')}",
        f"CREATE FUNCTION fb() {called.format('fa()')}",
        f"CREATE OR REPLACE FUNCTION fa() {called.format('fb()')}",
    )
    wanted = target(desk.bucket, jobs=6, split_above="1MiB" if split else None)
    ready = preflight(wanted, DatabaseAddress.from_url(moved_database), desk.programs.folder)
    assert (ready.split is not None) is split
    loop = "could not resolve dependency loop among these items: FUNCTION fa, FUNCTION fb"
    mismatch = f'database "{moved_database.rpartition("/")[2]}" has a collation version mismatch'

    first, second = (
        backed_up(wanted, moved_database, desk.store, desk.programs.folder, ago=timedelta(minutes=ago))
        for ago in (1, 0)
    )

    manifest = download(desk.client, desk.bucket, folder_of(second, desk.bucket), desk.place / "fetched")
    assert manifest["pg_dump_warnings"] == [mismatch, loop]
    assert [said.partition(". ")[0] for said in first.warnings] == [f"pg_dump warned, but succeeded: {loop}"]
    assert second.warnings == ()
    assert [note.partition(" (")[0] for note in second.notes] == [
        f"pg_dump said: {mismatch}",
        f"pg_dump said, as in the backup before: {loop}.",
    ]


def test_the_globals_have_no_passwords_where_the_role_may_not_read_them(
    desk: Desk, empty_database: str, postgres_server: EmbeddedPostgres
) -> None:
    postgres_server.create_role("plain", "secret")
    try:
        _, folder = desk.back_up(empty_database.replace(f"postgres:{postgres_server.password}", "plain:secret"))
    finally:
        execute(postgres_server.url(), "DROP ROLE plain")
    globals_sql = (folder / "globals.sql").read_text("utf-8")
    assert "CREATE ROLE plain;" in globals_sql
    assert "PASSWORD" not in globals_sql


def test_rows_in_a_table_that_an_extension_lets_people_fill_are_counted(desk: Desk, empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE EXTENSION citext; CREATE TABLE settings (k text); INSERT INTO settings VALUES ('a'), ('b')",
        "ALTER EXTENSION citext ADD TABLE settings",
        """UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], extcondition = '{""}'
           WHERE extname = 'citext'""",
    )
    manifest, _ = desk.back_up(empty_database)
    assert manifest_rows(manifest) == {("public", "settings"): 2}


def test_what_is_left_out_is_left_out_and_the_manifest_says_so(
    desk: Desk, empty_database: str, restored_database: str
) -> None:
    execute(
        empty_database,
        "CREATE TABLE kept AS SELECT generate_series(1, 4); CREATE TABLE gone AS SELECT 1",
        'CREATE TABLE "log\'s" AS SELECT generate_series(1, 9)',
        "CREATE SCHEMA scratch; CREATE TABLE scratch.t AS SELECT 1",
    )
    manifest, folder = desk.back_up(
        empty_database,
        exclude_schemas=["scratch"],
        exclude_tables=["public.gone"],
        exclude_table_data=["public.log's"],
        globals=False,
    )
    assert manifest_rows(manifest) == {("public", "kept"): 4, ("public", "log's"): None}
    assert not (folder / "globals.sql").exists()
    desk.programs.restore(folder, restored_database)
    assert counted_rows(restored_database) == {("public", "kept"): 4, ("public", "log's"): 0}


def test_a_disk_that_gives_no_space_back_within_a_file_serves_as_well(
    desk: Desk,
    trap_database: str,
    empty_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spool.Spool, "_probe", lambda _: False)
    (tmp_path / "spool").mkdir()
    manifest, folder = desk.back_up(
        trap_database, jobs=2, spool=str(tmp_path / "spool"), spool_cap="16MiB", storage={"part_size": "5MiB"}
    )
    assert manifest_rows(manifest) == counted_rows(trap_database)
    desk.programs.restore(folder, empty_database)
    assert difference(desk.programs.dump(trap_database), desk.programs.dump(empty_database)) == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_second_backup_has_the_same_data_files_and_stands_beside_the_first(desk: Desk, trap_database: str) -> None:
    first, _ = desk.back_up(trap_database)
    second, _ = desk.back_up(trap_database)
    assert first["backup_id"] < second["backup_id"]
    contents = [
        sorted(file["sha256"] for file in manifest["files"] if file["name"] not in {"toc.dat", "globals.sql"})
        for manifest in (first, second)
    ]
    assert contents[0] == contents[1]
