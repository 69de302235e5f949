"""Promise: a live schema becomes its own first migration, proven before it is written; else nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.domain.ledger.migration import Migration
from dbops.domain.migrations.init_report import InitReport
from dbops.domain.migrations.initial_migration import initial_migration
from dbops.domain.schema.drift import errors_of
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import InvalidRequest, PreflightFailed
from dbops.jobs.migrations.init_migrations import init_migrations
from dbops.jobs.migrations.replay import find_drift
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create
from tests.backups import Programs
from tests.clock import now
from tests.drills import public_folder
from tests.loading import SHOP
from tests.migrating_scratch import scratch_like, target_in, tell

FAILED_BUILD = """UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Summary_videoId_idx"'::regclass"""
# What only works in an order: bodies that name tables made later, a default that needs its function first.
TWISTED = """
CREATE TABLE a (n int);
CREATE FUNCTION of_a() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM a';
CREATE FUNCTION twice() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT of_a() * 2; END;
CREATE TABLE b (n bigint DEFAULT twice(), m int GENERATED ALWAYS AS IDENTITY);
CREATE VIEW seen AS SELECT of_a() AS n;
CREATE FUNCTION each_b() RETURNS SETOF b LANGUAGE sql AS 'SELECT * FROM b';
CREATE VIEW every AS SELECT n FROM each_b();
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS n;
CREATE INDEX kept_n ON kept (n);
CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY);
CREATE PUBLICATION everything FOR TABLE a;
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with public_folder() as folder:
        yield folder


@pytest.fixture
def include(tmp_path: Path) -> Path:
    return tmp_path / "include"


def written(include: Path) -> list[str]:
    return sorted(str(path.relative_to(include)) for path in include.rglob("*") if path.is_file())


def init(url: str, include: Path, place: Path, programs: Programs) -> InitReport:
    address = DatabaseAddress.from_url(url)
    return init_migrations(target_in(place), address, include, clock=now, programs=programs.folder)


def test_the_reference_application_becomes_a_migration_that_prisma_takes(
    empty_database: str, include: Path, place: Path, programs: Programs
) -> None:
    create(empty_database)

    report = init(empty_database, include, place, programs)

    folder = include / "sql/vault/migrations"
    text = (folder / "0_init/migration.sql").read_text(encoding="utf-8")
    assert written(include) == ["sql/vault/migrations/0_init/migration.sql", "sql/vault/migrations/migration_lock.toml"]
    assert (folder / "migration_lock.toml").read_text(encoding="utf-8").endswith('\nprovider = "postgresql"\n')
    assert 'CREATE TABLE public."Summary" (' in text
    for word in ("\nSET ", "OWNER", "restrict", "GRANT", "set_config"):
        assert word not in text
    assert report.notes == ()
    assert "9 tables" in report.markdown()
    with scratch_like(empty_database, place, programs.folder) as scratch:
        assert find_drift(scratch, [Migration(name="0_init", body=text.encode())]) == ()


@pytest.mark.parametrize("scripts", [[TWISTED], [*SHOP[:-4]]], ids=["twisted", "shop"])
def test_functions_come_when_they_are_needed_and_the_ledger_does_not(
    scripts: list[str], empty_database: str, include: Path, place: Path, programs: Programs
) -> None:
    tell(empty_database, *scripts)

    report = init(empty_database, include, place, programs)

    text = (include / report.written[0]).read_text(encoding="utf-8")
    assert "_prisma_migrations" not in text
    assert "PUBLICATION" not in text
    assert all("publication" in note for note in report.notes)


def test_a_lock_that_is_there_stays(empty_database: str, include: Path, place: Path, programs: Programs) -> None:
    lock = include / "sql/vault/migrations/migration_lock.toml"
    lock.parent.mkdir(parents=True)
    lock.write_text('provider = "postgresql"', encoding="utf-8")

    init(empty_database, include, place, programs)

    assert lock.read_text(encoding="utf-8") == 'provider = "postgresql"'


def test_a_folder_with_migrations_is_left_as_it_is(
    empty_database: str, include: Path, place: Path, programs: Programs
) -> None:
    (include / "sql/vault/migrations/20260101000000_x").mkdir(parents=True)

    with pytest.raises(InvalidRequest, match=r"has migrations already, 20260101000000_x first"):
        init(empty_database, include, place, programs)

    assert written(include) == []


def test_what_a_migration_would_not_make_is_told_and_nothing_is_written(
    empty_database: str, include: Path, place: Path, programs: Programs
) -> None:
    create(empty_database)
    tell(empty_database, FAILED_BUILD)

    with pytest.raises(PreflightFailed, match=r"does not make the same schema: .*Summary_videoId_idx is INVALID"):
        init(empty_database, include, place, programs)

    assert written(include) == []


def test_what_would_not_run_as_a_migration_is_told_and_nothing_is_written(
    empty_database: str, include: Path, place: Path, programs: Programs
) -> None:
    body = "SELECT n\nFROM no_such_table"
    tell(empty_database, f"SET check_function_bodies = off; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '{body}'")

    with pytest.raises(PreflightFailed, match=r'"no_such_table" does not exist, in `CREATE FUNCTION public\.f\(\)'):
        init(empty_database, include, place, programs)

    assert written(include) == []


def test_of_all_that_is_odd_only_a_broken_function_is_refused(
    trap_database: str, include: Path, place: Path, programs: Programs
) -> None:
    with pytest.raises(PreflightFailed, match=r'"no_such_table" does not exist, in `CREATE FUNCTION trap\.broken\(\)'):
        init(trap_database, include, place, programs)

    with scratch_like(trap_database, place, programs.folder) as scratch:
        text = f"SET check_function_bodies = off;\n{initial_migration('vault', scratch.live.entries, now())}"
        found = find_drift(scratch, [Migration(name="0_init", body=text.encode())])

    assert errors_of(found) == ()
    assert {"publication" in one.sentence.lower() for one in found} == {True}


def test_a_password_for_another_server_is_not_written(
    empty_database: str, include: Path, place: Path, programs: Programs, postgres_server: EmbeddedPostgres
) -> None:
    tell(
        empty_database,
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; "
        "CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (password 'hidden')",
    )

    report = init(empty_database, include, place, programs)

    assert "hidden" not in (include / report.written[0]).read_text(encoding="utf-8")
