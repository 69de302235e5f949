"""Promises of the preflight: whatever would make a backup fail or be less than whole is said before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from dbops.domain.backups.lacks import Lacks
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DatabaseError, InvalidConnection, PreflightFailed
from dbops.gateways.server.database import Database
from dbops.jobs.backups.preflight import preflight
from demo.postgres import EmbeddedPostgres

PASSWORD = "correct horse"


def target(**backup: Any) -> Target:
    return Target.model_validate(
        {
            "name": "shop",
            "connection": "shop",
            "environment": "staging",
            "storage": {"bucket": "backups"},
            "backup": backup,
        }
    )


@pytest.fixture
def run(empty_database: str) -> Iterator[Callable[[str], None]]:
    connection = psycopg2.connect(empty_database)
    connection.autocommit = True
    cursor = connection.cursor()
    yield cursor.execute
    cursor.execute("DROP OWNED BY reader; DROP ROLE reader")
    connection.close()


@pytest.fixture
def reader(run: Callable[[str], None], empty_database: str) -> str:
    """The URL of a role that may connect and nothing else."""
    run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    address = DatabaseAddress.from_url(empty_database)
    return f"postgresql://reader:{PASSWORD}@{address.host}:{address.port}/{address.database}"


def check(url: str, server: EmbeddedPostgres, target: Target) -> Any:
    return preflight(target, DatabaseAddress.from_url(url), server.bin_dir)


def test_a_role_with_pg_read_all_data_may_back_up_and_the_facts_are_right(
    reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id; GRANT pg_read_all_data TO reader")
    run("ANALYZE orders")
    readiness = check(reader, postgres_server, target())
    assert readiness.facts.server_major == 17
    assert readiness.facts.database_bytes > 1_000_000
    assert readiness.facts.lsn
    assert readiness.facts.reads_role_passwords is True
    assert any(extension.startswith("plpgsql ") for extension in readiness.facts.extensions)
    assert readiness.sizes["public", "orders"] >= 8192 * 4


def test_the_cluster_is_known_to_a_role_that_may_only_connect_and_where_it_may_not_ask_nobody_knows(
    reader: str, run: Callable[[str], None], empty_database: str
) -> None:
    database = Database(DatabaseAddress.from_url(reader))
    with closing(psycopg2.connect(empty_database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        (told,) = cursor.fetchall()

    assert (database.facts().system_identifier,) == told
    run("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    assert database.facts().system_identifier is None


def test_tables_and_sequences_that_the_role_may_not_read_are_named(
    reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run('CREATE TABLE "Order lines" (id serial); CREATE TABLE open (id int); GRANT SELECT ON open TO reader')
    assert Database(DatabaseAddress.from_url(reader)).facts().reads_role_passwords is False
    with pytest.raises(PreflightFailed) as failure:
        check(reader, postgres_server, target())
    assert "public.Order lines, public.Order lines_id_seq" in failure.value.what
    assert "public.open" not in failure.value.what
    assert "pg_read_all_data" in failure.value.remedy


def test_a_table_in_a_schema_that_the_role_may_not_enter_is_named(
    reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run("CREATE SCHEMA vault; CREATE TABLE vault.gold (id int); GRANT SELECT ON vault.gold TO reader")
    with pytest.raises(PreflightFailed, match=r"vault\.gold"):
        check(reader, postgres_server, target())


@pytest.mark.parametrize("left_out", [{"exclude_tables": ["public.secre?"]}, {"exclude_schemas": ["publi*"]}])
def test_what_is_left_out_need_not_be_readable(
    left_out: dict[str, Any], reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run("CREATE TABLE secret (id int)")
    assert check(reader, postgres_server, target(**left_out)).sizes == {}


def test_row_level_security_that_would_hide_rows_is_named_and_its_data_may_be_left_out(
    reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run("CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; GRANT pg_read_all_data TO reader")
    with pytest.raises(PreflightFailed, match=r"Row-level security would hide rows of public\.notes") as failure:
        check(reader, postgres_server, target())
    assert "BYPASSRLS" in failure.value.remedy
    check(reader, postgres_server, target(exclude_table_data=["notes"]))


def test_large_objects_that_the_role_may_not_read_are_named(
    reader: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    run("SELECT lo_from_bytea(990001, 'x'), lo_from_bytea(990002, 'y'); GRANT pg_read_all_data TO reader")
    run("GRANT SELECT ON LARGE OBJECT 990002 TO reader")
    with pytest.raises(PreflightFailed, match="may not read 1 large objects: 990001") as failure:
        check(reader, postgres_server, target())
    assert "GRANT SELECT ON LARGE OBJECT" in failure.value.remedy
    run("GRANT SELECT ON LARGE OBJECT 990001 TO PUBLIC")
    check(reader, postgres_server, target())


def test_a_lock_of_a_migration_does_not_hold_the_preflight_up(
    empty_database: str, postgres_server: EmbeddedPostgres
) -> None:
    migration = psycopg2.connect(empty_database)
    migration.cursor().execute("CREATE TABLE locked (id int)")
    migration.commit()
    migration.cursor().execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
    assert ("public", "locked") in check(empty_database, postgres_server, target()).sizes
    migration.close()


def test_a_wrong_password_is_told_apart_and_never_repeated(reader: str, postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseError) as failure:
        check(reader.replace(PASSWORD, "wrong battery staple"), postgres_server, target())
    assert "password authentication failed" in failure.value.what
    assert "wrong battery" not in str(failure.value)
    assert failure.value.remedy == "Correct the user or the password of the connection."


def test_a_database_that_is_not_there_is_told_apart(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseError, match='database "nowhere" does not exist'):
        check(postgres_server.url("nowhere"), postgres_server, target())


def test_a_server_that_is_not_there_is_told_apart(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(DatabaseError, match="Connection refused") as failure:
        check("postgresql://somebody@127.0.0.1:1/shop", postgres_server, target())
    assert "Start the server" in failure.value.remedy


def test_tls_that_is_asked_for_and_not_offered_is_told_apart(
    empty_database: str, postgres_server: EmbeddedPostgres
) -> None:
    with pytest.raises(DatabaseError, match="SSL") as failure:
        check(empty_database + "?sslmode=require", postgres_server, target())
    assert "sslmode" in failure.value.remedy


def test_a_transaction_pooler_is_refused_before_anything_is_asked(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(InvalidConnection, match="transaction pooler"):
        check("postgresql://somebody@127.0.0.1:1/shop?pgbouncer=true", postgres_server, target())


def test_a_pg_dump_that_is_too_old_is_refused_and_the_ones_found_are_named(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 15.3 (Debian 15.3-1)"\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("dbops.gateways.processes.programs._DEBIAN", tmp_path / "nowhere")
    with pytest.raises(PreflightFailed) as failure:
        preflight(target(), DatabaseAddress.from_url(empty_database), None)
    assert f"{old} is 15.3" in failure.value.what
    assert "pg_dump 17 or newer is needed" in failure.value.what
    assert "postgresql-client-17" in failure.value.remedy


REMOTE = (
    "CREATE EXTENSION postgres_fdw",
    "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid')",
    "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'all', password 'hunter2')",
    "CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'me', password 'hunter2')",
    "CREATE USER MAPPING FOR reader SERVER far OPTIONS (user 'reader', password 'hunter2')",
    "CREATE PUBLICATION news FOR ALL TABLES",
    "CREATE SUBSCRIPTION orders CONNECTION 'host=nowhere.invalid password=hunter2' PUBLICATION x "
    "WITH (connect = false, slot_name = NONE)",
)


@pytest.fixture
def remote(reader: str, run: Callable[[str], None]) -> Iterator[str]:
    """The URL of a role that may read every table, in a database that is tied to others."""
    run("GRANT pg_read_all_data TO reader")
    for statement in REMOTE:
        run(statement)
    yield reader
    run("DROP SUBSCRIPTION IF EXISTS orders")


def test_subscriptions_and_options_of_user_mappings_that_the_role_may_not_read_are_named(
    remote: str, run: Callable[[str], None], postgres_server: EmbeddedPostgres
) -> None:
    assert check(remote, postgres_server, target()).lacks == Lacks(
        subscriptions=("orders",), user_mappings=(("postgres", "far"), ("public", "far"), ("reader", "far"))
    )
    run("GRANT USAGE ON FOREIGN SERVER far TO reader")
    own_is_readable = check(remote, postgres_server, target()).lacks
    assert own_is_readable.user_mappings == (("postgres", "far"), ("public", "far"))


def test_a_superusers_backup_lacks_neither(remote: str, empty_database: str, postgres_server: EmbeddedPostgres) -> None:
    assert remote
    assert check(empty_database, postgres_server, target()).lacks == Lacks()


def test_a_subscription_of_another_database_is_not_lacking(
    remote: str, restored_database: str, postgres_server: EmbeddedPostgres
) -> None:
    elsewhere = remote.rpartition("/")[0] + "/" + restored_database.rpartition("/")[2]
    assert check(elsewhere, postgres_server, target()).lacks == Lacks()
