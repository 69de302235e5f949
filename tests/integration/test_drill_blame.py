"""Promise: only what speaks against the backup itself is a bad verdict; all else that fails is an error without one.

Retention no longer counts on a backup with a bad verdict, so that a worker's full disk must not be one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from dbops.domain.backups.backup import FileEntry
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import ArchiveRefused, BucketError, DbopsError, RestoreFailed
from tests.backups import execute
from tests.drills import Ground, kill_programs
from tests.loading import SHOP

BROKEN_CHECK = (
    "CREATE FUNCTION fits(n int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT n < 1000'",
    "CREATE TABLE numbers (n int CHECK (fits(n)))",
    "INSERT INTO numbers VALUES (500)",
    "CREATE OR REPLACE FUNCTION fits(n int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT n < 100'",
)


def fails_without_a_verdict(ground: Ground, words: str, **asked: Any) -> None:
    with pytest.raises(DbopsError, match=words):
        ground.drill(**asked)
    assert ground.verdicts() == []
    ground.expect_nothing_left()
    ground.bucket = ground.loader.bucket
    assert ground.drill().verdict is Verdict.OK


def test_rows_that_the_source_would_not_take_today_condemn_the_backup(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *BROKEN_CHECK)
    ground.loader.back_up(empty_database)

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    assert 'violates check constraint "numbers_n_check"' in report.verification.errors[0]
    assert "500" not in report.markdown()
    ground.expect_nothing_left()


def test_what_a_function_says_of_a_row_is_in_no_report_and_in_no_verdict(ground: Ground, empty_database: str) -> None:
    known = "IF NOT EXISTS (SELECT FROM public.known k WHERE k.c = $1) THEN RAISE 'card % is not known', $1; END IF"
    execute(
        empty_database,
        "CREATE TABLE known AS SELECT '4111111111111111' AS c",
        f"CREATE FUNCTION ok(c text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN {known}; RETURN true; END$$",
        "CREATE TABLE cards (c text CONSTRAINT ok_c CHECK (ok(c)))",
        "INSERT INTO cards SELECT c FROM known",
        "DELETE FROM known",
    )
    ground.loader.back_up(empty_database)

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    assert 'COPY failed for table "cards": the server\'s words are not repeated' in report.verification.errors[0]
    assert "4111" not in report.markdown()
    assert ground.verdicts()
    assert not any(b"4111" in ground.bucket.get(key) for key in ground.verdicts())


def test_roles_that_were_changed_in_the_bucket_condemn_the_backup(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)
    ground.loader.damage("globals.sql")

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    assert "globals.sql is damaged" in report.verification.errors[0]


def test_a_server_that_is_killed_says_nothing_of_the_backup(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    ground.disturb(lambda: kill_programs(str(ground.place), "postgres"))

    fails_without_a_verdict(ground, "pg_restore could not load all of it|connection")


def test_a_pg_restore_that_is_killed_says_nothing_of_the_backup(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    ground.disturb(lambda: kill_programs("--no-tablespaces", "pg_restore"))

    fails_without_a_verdict(ground, "pg_restore")


def test_a_pg_restore_that_does_nothing_and_says_all_went_well_says_nothing_of_the_backup(
    ground: Ground, empty_database: str, tmp_path: Path
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    real, ground.programs = ground.programs, programs_with_idle_pg_restore(ground.programs, tmp_path / "programs")

    with pytest.raises(RestoreFailed, match=r"never asked for .*, which its table of contents names") as caught:
        ground.drill()

    assert not isinstance(caught.value, ArchiveRefused)
    assert "programs" in caught.value.remedy
    assert str(ground.programs / "pg_restore") in caught.value.remedy
    assert ground.verdicts() == []
    ground.expect_nothing_left()
    ground.programs = real
    assert ground.drill().verdict is Verdict.OK


def programs_with_idle_pg_restore(real: Path, place: Path) -> Path:
    """PostgreSQL's programs, of which pg_restore tells its version and does nothing else, well."""
    place.mkdir()
    for program in real.iterdir():
        (place / program.name).symlink_to(program)
    idle = place / "pg_restore"
    idle.unlink()
    idle.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec "{real / "pg_restore"}" "$@"\nexit 0\n')
    idle.chmod(0o755)
    return place


def test_a_file_that_no_table_of_contents_names_condemns_the_backup(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    archive = ground.loader.back_up(empty_database)
    stray = FileEntry("9999.dat.zst", 5, hashlib.sha256(b"stray").hexdigest())
    ground.loader.bucket.put(f"{archive.folder}{stray.name}", b"stray")
    ground.loader.change_manifest(files=(*archive.manifest.files, stray))

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    assert "pg_restore ended well, and never asked for 9999.dat.zst" in report.verification.errors[0]


def test_a_statement_that_somebody_cancels_says_nothing_of_the_backup(
    ground: Ground, empty_database: str, postgres_server: Any
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    scratch = DatabaseAddress.from_url(postgres_server.url())

    def cancel() -> None:
        with psycopg.connect(postgres_server.url()) as connection:
            connection.execute("""SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                                  WHERE datname LIKE 'dbops_drill_vault_%' AND state = 'active'""")

    ground.disturb(cancel)
    fails_without_a_verdict(ground, "canceling statement due to user request", scratch=scratch)


@pytest.fixture
def far_prices(empty_database: str, postgres_server: Any) -> Iterator[str]:
    """A table in another database of that server, which a materialized view reads by postgres_fdw; its name."""
    here, far = urlsplit(empty_database), f"far_{secrets.token_hex(4)}"
    execute(postgres_server.url(), f"CREATE DATABASE {far}")
    execute(postgres_server.url(far), "CREATE TABLE prices AS SELECT 1 AS id")
    execute(
        empty_database,
        "CREATE EXTENSION postgres_fdw",
        f"CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS "
        f"(host '{here.hostname}', port '{here.port}', dbname '{far}')",
        f"CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user '{here.username}', password '{here.password}')",
        "CREATE FOREIGN TABLE prices (id int) SERVER far",
        "CREATE MATERIALIZED VIEW cheap AS SELECT * FROM prices",
        "CREATE MATERIALIZED VIEW cheaper AS SELECT * FROM cheap",
    )
    yield far
    execute(postgres_server.url(), f"DROP DATABASE IF EXISTS {far} WITH (FORCE)")


UNREACHABLE = {
    "no route": "ALTER SERVER far OPTIONS (SET port '1')",
    "another password": "ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (SET user 'nobody')",
    "another table": "ALTER FOREIGN TABLE prices OPTIONS (table_name 'gone')",
}


@pytest.mark.parametrize("change", UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_a_view_of_another_server_that_cannot_be_filled_here_says_nothing_of_the_backup(
    ground: Ground, empty_database: str, far_prices: str, change: str
) -> None:
    ground.loader.back_up(empty_database)
    assert ground.drill().verdict is Verdict.OK
    execute(empty_database, change)
    ground.loader.back_up(empty_database)
    proven = ground.verdicts()

    with pytest.raises(RestoreFailed, match="pg_restore could not load all of it") as caught:
        ground.drill(force=True)

    assert not isinstance(caught.value, ArchiveRefused)
    assert "drill.connection" in caught.value.remedy
    assert ground.verdicts() == proven
    ground.expect_nothing_left()


def test_a_store_that_goes_away_says_nothing_of_the_backup(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)

    def go_away() -> None:
        raise BucketError("The store is away.")

    ground.disturb(go_away)
    fails_without_a_verdict(ground, "The store is away")


def test_a_file_that_is_deleted_meanwhile_says_nothing_of_the_backup(ground: Ground, empty_database: str) -> None:
    """Somebody deletes the backup: the next look at the bucket says what of it is left."""
    execute(empty_database, *SHOP)
    archive = ground.loader.back_up(empty_database)
    largest = max(archive.data_files, key=lambda file: file.bytes)
    ground.disturb(lambda: ground.loader.bucket.delete(f"{archive.folder}{largest.name}"))

    with pytest.raises(BucketError):
        ground.drill()
    assert ground.verdicts() == []
    assert ground.drill().verdict is Verdict.FAILED


def test_a_role_that_is_nowhere_says_nothing_of_the_backup(ground: Ground, empty_database: str, stranger: str) -> None:
    execute(
        empty_database,
        "CREATE TABLE notes (n int)",
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY mine ON notes TO {stranger}",
    )
    ground.loader.back_up(empty_database)
    ground.loader.change_file("globals.sql", lambda _: b"-- none\n")

    with pytest.raises(RestoreFailed, match=f'role "{stranger}" does not exist'):
        ground.drill()

    assert ground.verdicts() == []
    ground.expect_nothing_left()


def test_owners_that_the_backup_does_not_bring_are_left_out_and_told(
    ground: Ground, empty_database: str, stranger: str
) -> None:
    execute(
        empty_database,
        "CREATE TABLE notes (n int)",
        f"ALTER TABLE notes OWNER TO {stranger}",
        f"GRANT SELECT ON notes TO {stranger}",
    )
    ground.loader.back_up(empty_database)
    ground.loader.change_file("globals.sql", lambda _: b"-- none\n")

    proof = ground.drill().verification

    assert proof is not None
    assert proof.ok
    assert any("does not create the roles" in warning and stranger in warning for warning in proof.warnings)


@pytest.fixture
def stranger(empty_database: str) -> Any:
    """A role of the source's server."""
    name = f"stranger_{secrets.token_hex(4)}"
    execute(empty_database, f"CREATE ROLE {name}")
    yield name
    execute(empty_database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_tablespace_is_not_needed(ground: Ground, empty_database: str, postgres_server: Any) -> None:
    name = f"disk_{secrets.token_hex(4)}"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("SET allow_in_place_tablespaces = on")
        connection.execute(f"CREATE TABLESPACE {name} LOCATION ''".encode())
    try:
        execute(
            empty_database, f"CREATE TABLE apart (n int PRIMARY KEY) TABLESPACE {name}", "INSERT INTO apart VALUES (1)"
        )
        archive = ground.loader.back_up(empty_database)
        assert name.encode() in archive.toc

        report = ground.drill()

        assert report.verification is not None
        assert report.verification.findings == ()
    finally:
        execute(empty_database, "DROP TABLE IF EXISTS apart", f"DROP TABLESPACE {name}")


@pytest.fixture
def foreign_locale(ground: Ground, postgres_server: Any) -> Any:
    """Backs up a database whose locale only its source has."""
    name = f"locale_{secrets.token_hex(4)}"
    execute(postgres_server.url(), f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C.utf8'")

    def back_up(*statements: str) -> None:
        execute(postgres_server.url(name), *statements)
        ground.loader.back_up(postgres_server.url(name))
        ground.loader.change_file("toc.dat", lambda toc: toc.replace(b"'C.utf8'", b"'X.utf8'"))

    yield back_up
    postgres_server.drop_database(name)


def test_a_locale_that_the_worker_lacks_is_replaced_and_told(
    ground: Ground, foreign_locale: Callable[..., None]
) -> None:
    foreign_locale(*SHOP)

    proof = ground.drill().verification

    assert proof is not None
    assert proof.ok
    assert any("text was sorted as in locale C" in warning for warning in proof.warnings)


def test_what_a_constraint_refuses_under_another_locale_says_nothing_of_the_backup(
    ground: Ground, foreign_locale: Callable[..., None]
) -> None:
    foreign_locale(*BROKEN_CHECK)

    with pytest.raises(RestoreFailed, match=r"violates check constraint.*A possible reason:.*locale"):
        ground.drill()

    assert ground.verdicts() == []
