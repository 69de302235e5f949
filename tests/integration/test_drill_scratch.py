"""Promise: a scratch server serves as well as a throw-away one, and is left as it was."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import psycopg2
import pytest

from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import InvalidConnection, PreflightFailed, ServerFailed
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.drills import Ground
from tests.loading import SHOP

HOUR = timedelta(hours=1)


def databases(server: EmbeddedPostgres) -> set[str]:
    """Those that drills have made."""
    with psycopg.connect(server.url()) as connection:
        query = "SELECT datname FROM pg_database WHERE datname LIKE 'dbops_drill_%'"
        return {name for (name,) in connection.execute(query).fetchall()}


@pytest.fixture
def scratch(postgres_server: EmbeddedPostgres) -> Iterator[DatabaseAddress]:
    """The server, as its superuser; drills leave nothing on it."""
    yield DatabaseAddress.from_url(postgres_server.url())
    assert databases(postgres_server) == set()


@pytest.fixture
def role(postgres_server: EmbeddedPostgres) -> Iterator[Callable[[str], DatabaseAddress]]:
    """Makes a role with these attributes, and gives its way to the server."""
    name, password = f"drills_{secrets.token_hex(4)}", secrets.token_hex(8)

    def make(attributes: str) -> DatabaseAddress:
        execute(postgres_server.url(), f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {attributes}")
        return DatabaseAddress.from_url(postgres_server.url(user=name, password=password))

    yield make
    execute(postgres_server.url(), f"DROP ROLE {name}")


def test_the_trap_database_is_proven_on_a_scratch_server(
    ground: Ground, trap_database: str, scratch: DatabaseAddress
) -> None:
    ground.loader.back_up(trap_database)

    report = ground.drill(scratch=scratch)

    assert report.verification is not None
    assert report.verification.errors == ()
    assert report.verification.ok
    assert ground.servers() == []


def test_an_ordinary_role_that_may_create_databases_is_enough(
    ground: Ground, empty_database: str, role: Callable[[str], DatabaseAddress], scratch: DatabaseAddress
) -> None:
    execute(empty_database, *[statement for statement in SHOP if "gen_random_bytes" not in statement])
    ground.loader.back_up(empty_database)

    report = ground.drill(scratch=role("CREATEDB"))

    assert report.verification is not None
    assert report.verification.ok


def test_a_role_that_may_not_create_databases_is_told(
    ground: Ground, empty_database: str, role: Callable[[str], DatabaseAddress], scratch: DatabaseAddress
) -> None:
    ground.loader.back_up(empty_database)

    with pytest.raises(ServerFailed, match=r"permission denied to create database.*needs LOGIN and CREATEDB"):
        ground.drill(scratch=role("NOCREATEDB"))

    assert ground.verdicts() == []


def test_a_pooler_is_refused(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)
    pooled = DatabaseAddress.from_url("postgresql://drills@127.0.0.1:1/scratch?pgbouncer=true")

    with pytest.raises(InvalidConnection, match="transaction pooler"):
        ground.drill(scratch=pooled)


def test_a_server_that_is_not_there_is_told(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)

    with pytest.raises(ServerFailed, match=r"scratch server of drill\.connection cannot be used.*refused"):
        ground.drill(scratch=DatabaseAddress.from_url("postgresql://drills@127.0.0.1:1/scratch"))

    assert ground.verdicts() == []


def test_a_server_that_is_older_than_the_backup_is_told_in_advance(
    ground: Ground, empty_database: str, scratch: DatabaseAddress
) -> None:
    ground.loader.back_up(empty_database)
    ground.loader.change_manifest(server_version="99.1")

    with pytest.raises(PreflightFailed, match=r"The scratch server cannot hold .*older than the backup's 99"):
        ground.drill(scratch=scratch)

    assert ground.verdicts() == []


def test_a_bad_backup_leaves_nothing_behind_either(
    ground: Ground, empty_database: str, scratch: DatabaseAddress
) -> None:
    execute(empty_database, *SHOP)
    archive = ground.loader.back_up(empty_database)
    ground.loader.damage(max(archive.data_files, key=lambda file: file.bytes).name)

    assert ground.drill(scratch=scratch).verdict is Verdict.FAILED


def test_what_a_drill_that_died_has_left_is_dropped_by_the_next_one(
    ground: Ground, empty_database: str, scratch: DatabaseAddress
) -> None:
    ground.loader.back_up(empty_database)
    execute(empty_database, f"CREATE DATABASE {made(datetime.now(UTC) - HOUR)}")

    assert ground.drill(scratch=scratch).verdict is Verdict.OK


def test_what_another_drill_is_using_or_somebody_else_calls_similar_stays(
    ground: Ground, empty_database: str, postgres_server: EmbeddedPostgres
) -> None:
    ground.loader.back_up(empty_database)
    used, fresh, foreign = made(datetime.now(UTC) - HOUR), made(datetime.now(UTC)), "dbops_drill_vault_of_alice"
    for name in (used, fresh, foreign):
        execute(empty_database, f"CREATE DATABASE {name}")
    with closing(psycopg2.connect(postgres_server.url(used))):
        ground.drill(scratch=DatabaseAddress.from_url(postgres_server.url()))
        left = databases(postgres_server)
    for name in left:
        postgres_server.drop_database(name)

    assert left == {used, fresh, foreign}


def made(moment: datetime) -> str:
    """The name of a database that a drill made then."""
    return f"dbops_drill_vault_{moment:%Y%m%d%H%M%S}_{secrets.token_hex(2)}"
