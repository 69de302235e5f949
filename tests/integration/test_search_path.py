"""No function, operator or view of a database's owner is taken for PostgreSQL's own by what we ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import text

from dbops.domain.options.backup import BackupOptions
from dbops.domain.schema.starter_suite import Candidate, Suggestion
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.migrating.facts import read_migration_facts
from dbops.gateways.migrating.ledger import LedgerSession, read_ledger
from dbops.gateways.migrating.session import MigrationSession
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.server.collation_versions import read_old_collations
from dbops.gateways.server.connecting import connect, connect_as_application
from dbops.gateways.server.database import Database
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.server.exhaustion import read_exhaustion
from dbops.gateways.server.grants import read_grants
from dbops.gateways.server.health import read_health
from dbops.gateways.server.live_tables import read_live_tables
from dbops.gateways.server.restored_database import RestoredDatabase
from dbops.gateways.server.sessions import changing, reading
from dbops.gateways.server.table_profiles import ask, read_keys
from dbops.gateways.server.table_statistics import read_statistics
from dbops.gateways.split_dump.shared_snapshot import SharedSnapshot
from dbops.gateways.validator.catalog import read_tables
from dbops.gateways.validator.server import serving
from tests.backups import execute

TABLES = (
    "CREATE TABLE item (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT '2026-01-01', n int)",
    "INSERT INTO item (n) SELECT * FROM generate_series(1, 5)",
)
PINNED = "pg_catalog, pg_temp"
OWNERS = "evil, pg_catalog, public"
NOT_ASKED = datetime(2025, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

# What is in the way of each question: whoever calls one of them runs the owner's code, which here only says so.
_FUNCTIONS = (
    "current_database() RETURNS name", "current_schema() RETURNS name", "version() RETURNS text",
    "current_setting(text) RETURNS text", "set_config(text, text, boolean) RETURNS text",
    "pg_is_in_recovery() RETURNS boolean", "pg_database_size(oid) RETURNS bigint",
    "pg_relation_size(regclass) RETURNS bigint", "pg_export_snapshot() RETURNS text", "pg_backend_pid() RETURNS int",
    "hashtext(text) RETURNS int", "pg_advisory_lock(bigint) RETURNS void",
    "pg_try_advisory_lock(bigint) RETURNS boolean", "format_type(oid, int) RETURNS text", "now() RETURNS timestamptz",
    "pg_try_advisory_lock(int, int) RETURNS boolean", "count(integer) RETURNS bigint",
)  # fmt: skip
_OPERATORS = (
    ("=", "oid"), ("=", "name"), ("=", "text"), ("=", "integer"), ("=", '"char"'), ("<>", "name"), (">", "timestamptz"),
    (">=", "integer"), ("||", "text"),
)  # fmt: skip
_VIEWS = ("pg_class", "pg_namespace", "pg_database", "pg_roles", "pg_settings", "pg_type", "pg_locks",
          "pg_extension", "pg_stat_activity", "pg_index", "pg_constraint", "pg_largeobject_metadata")  # fmt: skip


def trap() -> list[str]:
    """The statements of an owner who would like to be somebody else."""
    says = "LANGUAGE plpgsql AS $$BEGIN RAISE 'code of the owner runs as %', current_user; END$$"
    made = ["CREATE SCHEMA evil", f"CREATE FUNCTION evil.ran() RETURNS boolean {says}"]
    made += [f"CREATE FUNCTION evil.{one} {says}" for one in _FUNCTIONS]
    for number, (operator, kind) in enumerate(_OPERATORS):
        result = "text" if operator == "||" else "boolean"
        made.append(f"CREATE FUNCTION evil.op{number}({kind}, {kind}) RETURNS {result} {says}")
        made.append(
            f"CREATE OPERATOR evil.{operator} (leftarg = {kind}, rightarg = {kind}, function = evil.op{number})"
        )
    made += [f"CREATE VIEW evil.{view} AS TABLE pg_catalog.{view} LIMIT evil.ran()::int" for view in _VIEWS]
    return made


def spring(url: str) -> None:
    """From now on every session of that database finds the owner's things first."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    execute(url, *trap(), f'ALTER DATABASE "{name}" SET search_path = {OWNERS}')


def _profile(address: DatabaseAddress) -> Any:
    asked = [Candidate("n range", "count(*) FILTER (WHERE (n >= 0) IS NOT TRUE) = 0", Suggestion("any", {}, "any"))]
    return ask(address, {("public", "item"): asked}, {})


def _snapshot(address: DatabaseAddress) -> Any:
    with SharedSnapshot(address, [("public", "item")], BackupOptions()) as snapshot:
        return snapshot.pages, snapshot.has_rows(("public", "item"))


def _restored(address: DatabaseAddress) -> Any:
    database = RestoredDatabase(address)
    tables = {name: oid for name, oid in database.tables().items() if name[0] == "public"}
    return (
        tables, database.count(list(tables.values()), 2), database.sequences([("public", "item_id_seq")]),
        database.sequences_behind(), database.extensions(), database.large_objects(), database.partitions(),
    )  # fmt: skip


def _on_the_server(address: DatabaseAddress) -> Any:
    """Asked in a session of this very database, as a restore does that leaves another one alone."""
    server = DatabaseServer(address, "template0")
    with server.alone():
        server.rehearse([f'COMMENT ON DATABASE "{address.database}" IS $$x$$'])
    # Where the first question is refused, it asks another database.
    return server.elsewhere.database, server.facts().role, server.oid_of(address.database), server.sessions(0)


def _checked(address: DatabaseAddress) -> Any:
    with serving(address, _MINUTE) as server:
        return read_tables(server)["public", "item"]


def _ledger(address: DatabaseAddress) -> Any:
    with LedgerSession(address) as ledger:
        ledger.require_lock()
        return ledger.rows(), read_ledger(address)


def _live(address: DatabaseAddress) -> Any:
    tables = read_live_tables(address, {"item": "at"}, NOT_ASKED)
    return {name: one for name, one in tables.items() if name[0] == "public"}


def _unknown(address: DatabaseAddress) -> Any:
    return {one.name for one in read_health(address) if one.status == "unknown"}


def _public(found: Any) -> Any:
    return {name: one for name, one in found.items() if name[0] == "public"}


QUESTIONS: dict[str, Callable[[DatabaseAddress], Any]] = {
    "facts": lambda address: Database(address).facts().database,
    "wal": lambda address: Database(address).facts().lsn is not None,
    "replica lag": lambda address: Database(address).replica_lag(),
    "oid": lambda address: (Database(address).oid(), Database(address).has_data_checksums()),
    "dumped": lambda address: [one for one in Database(address).dumped_relations() if one.schema == "public"],
    "large objects": lambda address: Database(address).unreadable_large_objects(),
    "lacks": lambda address: Database(address).lacks(),
    "schema facts": lambda address: Database(address).schema_facts().may_create,
    "schema": lambda address: _public(read_schema(address).tables),
    "keys": lambda address: _public(read_keys(address)),
    "profile": _profile,
    "statistics": lambda address: sorted(_public(read_statistics(address))),
    "exhaustion": lambda address: read_exhaustion(address)[0],
    "collations": read_old_collations,
    "grants": lambda address: {name: one for name, one in read_grants(address).items() if "evil" not in name},
    "live tables": _live,
    "migration facts": lambda address: read_migration_facts(address).oid,
    "ledger": _ledger,
    "snapshot": _snapshot,
    "restored": _restored,
    "server": _on_the_server,
    "checked tables": _checked,
    "health": _unknown,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_the_same_whatever_the_owner_has_made(empty_database: str, question: str) -> None:
    execute(empty_database, *TABLES)
    address = DatabaseAddress.from_url(empty_database)
    before = QUESTIONS[question](address)
    spring(empty_database)
    assert QUESTIONS[question](address) == before


def test_the_trap_closes_on_who_does_not_say_what_it_means(empty_database: str) -> None:
    spring(empty_database)
    with closing(connect_as_application(DatabaseAddress.from_url(empty_database))) as connection:
        for query in ("SELECT current_database()", "SELECT oid FROM pg_class", "SELECT 1::oid = 2::oid"):
            with connection.cursor() as cursor, pytest.raises(psycopg2.Error, match="code of the owner runs as"):
                cursor.execute(query)
            connection.rollback()


def test_who_may_create_in_public_only_is_not_asked_either(empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE FUNCTION public.cat(name, name) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'code'; END$$",
        "CREATE OPERATOR public.|| (leftarg = name, rightarg = name, function = public.cat)",
    )
    with (
        closing(connect_as_application(DatabaseAddress.from_url(empty_database))) as naive,
        naive.cursor() as cursor,
        pytest.raises(psycopg2.Error, match="code"),
    ):
        cursor.execute("SELECT extname || extname FROM pg_extension")
    assert "plpgsql" in "".join(Database(DatabaseAddress.from_url(empty_database)).facts().extensions)


def test_the_owner_becomes_no_superuser_through_one_who_works_there(empty_database: str) -> None:
    execute(empty_database, "CREATE TABLE became (who text)")
    spring(empty_database)
    execute(
        empty_database,
        "CREATE OR REPLACE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql "
        "AS $$INSERT INTO public.became VALUES (current_user) RETURNING $2$$",
    )
    address = DatabaseAddress.from_url(empty_database)
    with changing(address) as session:
        assert session.execute(text("SHOW search_path")).scalar_one() == PINNED
    with MigrationSession(address, lock_timeout=_MINUTE, statement_timeout=_MINUTE) as migrating:
        # Whoever wrote the migration means the application's names.
        assert migrating.ask("SHOW search_path") == [(OWNERS,)]
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT who FROM public.became").fetchall() == []


def test_each_transaction_begins_with_it_also_after_code_of_the_owner_has_run(empty_database: str) -> None:
    spring(empty_database)
    with reading(DatabaseAddress.from_url(empty_database), timeout_ms=60_000) as session:
        assert session.execute(text("SHOW search_path")).scalar_one() == PINNED
        session.execute(text("SELECT set_config('search_path', 'evil', false)"))  # as a view's function can
        session.commit()
        assert session.execute(text("SHOW search_path")).scalar_one() == PINNED


def test_whoever_has_the_session_next_behind_a_pooler_has_its_own(empty_database: str) -> None:
    execute(empty_database, f'ALTER DATABASE "{psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]}" '
            "SET search_path = app")  # fmt: skip
    with closing(connect(DatabaseAddress.from_url(empty_database))) as connection:
        for end in (connection.rollback, connection.commit):
            with connection.cursor() as cursor:
                cursor.execute("SHOW search_path")
                assert cursor.fetchone() == (PINNED,)
            end()
            with connection.cursor(cursor_factory=extensions.cursor) as theirs:
                theirs.execute("SHOW search_path")
                assert theirs.fetchone() == ("app",)
            connection.rollback()


def test_one_in_autocommit_has_it_to_its_end(empty_database: str) -> None:
    spring(empty_database)
    address = DatabaseAddress.from_url(empty_database)
    with closing(connect(address, autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in ("SELECT 1", "BEGIN", "ROLLBACK"):
            cursor.execute(statement)
            cursor.execute("SELECT current_database() IS NOT NULL, current_setting('search_path')")
            assert cursor.fetchone() == (True, PINNED)
