"""Promise: a backup of the trap database, restored with PostgreSQL's own programs, is the trap database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.backups.report import BackupReport
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import (
    Programs,
    backed_up,
    counted_rows,
    difference,
    download,
    folder_of,
    manifest_rows,
    sha256,
    target,
    unfinished_uploads,
)
from tests.servers import empty_and_delete, running_postgres


@dataclass(frozen=True)
class Downloaded:
    """A backup of the trap database, made once and fetched the plain way."""

    report: BackupReport
    manifest: dict[str, Any]
    folder: Path
    spool: Path
    left_uploads: list[str]


@pytest.fixture(scope="module")
def backup(
    trap_database: str, programs: Programs, s3_server: SeaweedS3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Downloaded]:
    place, spool = tmp_path_factory.mktemp("trap"), tmp_path_factory.mktemp("spool")
    bucket = f"trap-{secrets.token_hex(6)}"
    s3_server.create_bucket(bucket)
    client = s3_server.client()
    try:
        wanted = target(bucket, storage={"part_size": "5MiB"}, jobs=3, spool=str(spool))
        report = backed_up(wanted, trap_database, s3_server, programs.folder)
        manifest = download(client, bucket, folder_of(report, bucket), place / "archive")
        yield Downloaded(report, manifest, place / "archive", spool, unfinished_uploads(client, bucket))
        empty_and_delete(client, bucket)
    finally:
        client.close()


@pytest.fixture(scope="module")
def restored(backup: Downloaded, postgres_server: EmbeddedPostgres, programs: Programs) -> Iterator[str]:
    """The URL of a database restored from it."""
    name = f"restored_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    programs.restore(backup.folder, postgres_server.url(name))
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


def test_pg_dump_of_the_restored_database_equals_pg_dump_of_the_source(
    restored: str, trap_database: str, programs: Programs
) -> None:
    assert difference(programs.dump(trap_database), programs.dump(restored)) == []


def test_a_server_that_never_saw_it_restores_it_from_the_globals_and_the_archive(
    backup: Downloaded, trap_database: str, postgres_server: EmbeddedPostgres, programs: Programs, tmp_path: Path
) -> None:
    with running_postgres(tmp_path) as new:
        globals_sql = (backup.folder / "globals.sql").read_text("utf-8").splitlines()
        globals_sql.remove("CREATE ROLE postgres;")  # every server has its own
        (tmp_path / "globals.sql").write_text("\n".join(globals_sql), "utf-8")
        programs.execute(new.url(), tmp_path / "globals.sql")
        # The globals set the password of the old server's superuser, as its globals should.
        new.password = postgres_server.password
        new.create_database("restored")
        programs.restore(backup.folder, new.url("restored"))
        assert difference(programs.dump(trap_database), programs.dump(new.url("restored"))) == []
        assert _roles(new.url()) == _roles(trap_database)


def _roles(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            """SELECT rolname, rolcanlogin, rolinherit, rolconnlimit, rolpassword, rolvaliduntil::text,
                      shobj_description(a.oid, 'pg_authid'), setconfig,
                      ARRAY(SELECT (roleid::regrole, admin_option, inherit_option, set_option)::text
                            FROM pg_auth_members WHERE member = a.oid ORDER BY 1)
               FROM pg_authid a LEFT JOIN pg_db_role_setting ON setrole = a.oid AND setdatabase = 0
               WHERE rolname LIKE 'trap%' ORDER BY 1"""
        ).fetchall()


@pytest.mark.parametrize(
    "question",
    [
        "SELECT region, total FROM trap.totals ORDER BY 1",
        'SELECT n FROM trap."on totals"',
        "SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1",
        "SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1",
        "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid::regclass::text ~'trap' ORDER BY 1",
        "SELECT conrelid::regclass::text, conname, convalidated FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1, 2",
        "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2",
        "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind IN ('r', 'S') ORDER BY 1",
    ],
)
def test_what_pg_dump_does_not_write_down_is_there_again_as_well(
    question: str, restored: str, trap_database: str
) -> None:
    expected = _answer(trap_database, question)
    assert expected
    assert _answer(restored, question) == expected


def _answer(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(question.encode()).fetchall()


def test_the_manifest_tells_the_rows_of_every_table(backup: Downloaded, trap_database: str) -> None:
    assert manifest_rows(backup.manifest) == counted_rows(trap_database)


def test_the_manifest_lists_each_file_once_with_its_size_and_sha256_and_no_other_file_is_there(
    backup: Downloaded,
) -> None:
    listed = {file["name"]: (file["bytes"], file["sha256"]) for file in backup.manifest["files"]}
    there = {path.name: (path.stat().st_size, sha256(path)) for path in backup.folder.iterdir()}
    assert there.keys() - listed.keys() == {"started.json", "manifest.json"}
    assert {name: there[name] for name in listed} == listed
    assert len(listed) == len(backup.manifest["files"])
    assert {"toc.dat", "globals.sql"} < listed.keys()


def test_a_file_larger_than_a_part_was_among_them(backup: Downloaded) -> None:
    assert max(path.stat().st_size for path in backup.folder.iterdir()) > 5 * 1024**2


def test_the_report_says_what_the_manifest_says(backup: Downloaded) -> None:
    assert backup.report.backup_id == backup.manifest["backup_id"]
    assert backup.report.tables == len(backup.manifest["tables"])
    assert backup.report.rows == sum(table["rows"] or 0 for table in backup.manifest["tables"])
    assert backup.report.stored_bytes == sum(file["bytes"] for file in backup.manifest["files"])


def test_nothing_is_left_in_the_spool_and_no_upload_unfinished(backup: Downloaded) -> None:
    assert list(backup.spool.iterdir()) == []
    assert backup.left_uploads == []


def test_the_password_of_the_connection_is_in_none_of_our_own_objects(
    backup: Downloaded, postgres_server: EmbeddedPostgres
) -> None:
    for name in ("started.json", "manifest.json", "globals.sql"):
        assert postgres_server.password.encode() not in (backup.folder / name).read_bytes()
