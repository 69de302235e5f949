"""Every kind of fault in a schema, made in a real database, is found and named once; a whole one is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from dbops.domain.checks.suite import CheckResult
from dbops.domain.options.checks import CheckOptions
from dbops.domain.options.schema_kinds import KINDS
from dbops.domain.schema.baseline import OBJECT_KINDS, SchemaBaseline, signatures, to_be_kept
from dbops.domain.schema.differences import schema_differences
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.schema.schema_reader import read_schema, signature_queries
from dbops.gateways.server.sessions import reading
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create

# Beside the reference application: what it has none of.
MORE = """
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE VIEW busy AS SELECT "userId", count(*) AS events FROM "UsageEvent" GROUP BY 1;
ALTER TABLE "Summary" ADD CONSTRAINT is_sure CHECK (confidence <= 1);
CREATE TYPE "Mood" AS ENUM ('low', 'high');
CREATE TABLE events (id int GENERATED ALWAYS AS IDENTITY, day date NOT NULL, n int) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE INDEX events_by_n ON events (n);
"""
FAILED_BUILD = """UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"{}"'::regclass"""

FAULTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a dropped table": ('DROP TABLE "Progress"', [("missing_table", "public.Progress")]),
    "a dropped table that others refer to": ('DROP TABLE "Tag" CASCADE', [("missing_table", "public.Tag")]),
    "a dropped view": ("DROP VIEW busy", [("missing_table", "public.busy")]),
    "a new table": (
        'CREATE TABLE "Invoice" (id int PRIMARY KEY, "userId" text REFERENCES "User", UNIQUE ("userId"))',
        [("extra_table", "public.Invoice")],
    ),
    "a table in a new schema": ("CREATE SCHEMA crm; CREATE TABLE crm.deal ()", [("extra_table", "crm.deal")]),
    "a table without a log": ('ALTER TABLE "UsageEvent" SET UNLOGGED', [("changed_table", "public.UsageEvent")]),
    "a view with another query": (
        'CREATE OR REPLACE VIEW busy AS SELECT "userId", 1::bigint AS events FROM "UsageEvent"',
        [("changed_table", "public.busy")],
    ),
    "a dropped column": ('ALTER TABLE "Summary" DROP quotes', [("missing_column", "public.Summary.quotes")]),
    "a new column": ('ALTER TABLE "User" ADD "age" int', [("extra_column", "public.User.age")]),
    "another type": (
        'ALTER TABLE "UsageEvent" ALTER tokens TYPE bigint',
        [("changed_type", "public.UsageEvent.tokens")],
    ),
    "another precision": (
        'ALTER TABLE "Tag" ALTER "createdAt" TYPE timestamp(6)',
        [("changed_type", "public.Tag.createdAt")],
    ),
    "a dropped NOT NULL": (
        'ALTER TABLE "User" ALTER email DROP NOT NULL',
        [("changed_nullability", "public.User.email")],
    ),
    "a NOT NULL more": ('ALTER TABLE "User" ALTER name SET NOT NULL', [("changed_nullability", "public.User.name")]),
    "another default": (
        'ALTER TABLE "User" ALTER "monthlyLimit" SET DEFAULT 100',
        [("changed_default", "public.User.monthlyLimit")],
    ),
    "a dropped default": (
        'ALTER TABLE "User" ALTER "createdAt" DROP DEFAULT',
        [("changed_default", "public.User.createdAt")],
    ),
    "a dropped identity": ("ALTER TABLE events ALTER id DROP IDENTITY", [("changed_default", "public.events.id")]),
    "a dropped foreign key": (
        'ALTER TABLE "ShareLink" DROP CONSTRAINT "ShareLink_userId_fkey"',
        [("missing_constraint", "public.ShareLink.ShareLink_userId_fkey")],
    ),
    "a dropped primary key": (
        'ALTER TABLE "_SummaryToTag" DROP CONSTRAINT "_SummaryToTag_AB_pkey"',
        [("missing_constraint", "public._SummaryToTag._SummaryToTag_AB_pkey")],
    ),
    "a dropped check": (
        'ALTER TABLE "Summary" DROP CONSTRAINT is_sure',
        [("missing_constraint", "public.Summary.is_sure")],
    ),
    "a new check": (
        'ALTER TABLE "Progress" ADD CONSTRAINT is_percent CHECK (percent <= 100)',
        [("extra_constraint", "public.Progress.is_percent")],
    ),
    "a foreign key that no longer deletes": (
        """ALTER TABLE "ShareLink" DROP CONSTRAINT "ShareLink_userId_fkey", ADD CONSTRAINT "ShareLink_userId_fkey"
           FOREIGN KEY ("userId") REFERENCES "User" (id)""",
        [("changed_constraint", "public.ShareLink.ShareLink_userId_fkey")],
    ),
    "a renamed constraint": (
        'ALTER TABLE "Summary" RENAME CONSTRAINT "Summary_userId_fkey" TO summary_user',
        [("renamed_constraint", "public.Summary.Summary_userId_fkey")],
    ),
    "a renamed primary key": (
        'ALTER TABLE "Tag" RENAME CONSTRAINT "Tag_pkey" TO tag_key',
        [("renamed_constraint", "public.Tag.Tag_pkey")],
    ),
    "a foreign key that is not valid": (
        """ALTER TABLE "Summary" DROP CONSTRAINT "Summary_userId_fkey", ADD CONSTRAINT "Summary_userId_fkey"
           FOREIGN KEY ("userId") REFERENCES "User" (id) ON UPDATE CASCADE ON DELETE CASCADE NOT VALID""",
        [("not_valid_constraint", "public.Summary.Summary_userId_fkey")],
    ),
    "a new check that is not valid": (
        'ALTER TABLE "Tag" ADD CONSTRAINT is_word CHECK (length(name) > 0) NOT VALID',
        [("not_valid_constraint", "public.Tag.is_word")],
    ),
    "a dropped index": ('DROP INDEX "Summary_videoId_idx"', [("missing_index", "public.Summary.Summary_videoId_idx")]),
    "a dropped unique index": ('DROP INDEX "User_email_key"', [("missing_index", "public.User.User_email_key")]),
    "a dropped index of a partitioned table": (
        "DROP INDEX events_by_n",
        [("missing_index", "public.events.events_by_n")],
    ),
    "a new index": ('CREATE INDEX by_name ON "User" (name)', [("extra_index", "public.User.by_name")]),
    "a unique index that no longer is": (
        'DROP INDEX "ShareLink_slug_key"; CREATE INDEX "ShareLink_slug_key" ON "ShareLink" (slug)',
        [("changed_index", "public.ShareLink.ShareLink_slug_key")],
    ),
    "a renamed index": (
        'ALTER INDEX "Summary_status_idx" RENAME TO by_status',
        [("renamed_index", "public.Summary.Summary_status_idx")],
    ),
    "an index whose build failed": (
        FAILED_BUILD.format("Summary_videoId_idx"),
        [("invalid_index", "public.Summary.Summary_videoId_idx")],
    ),
    "what a failed build has left": (
        'CREATE INDEX "User_email_ccnew" ON "User" (email); ' + FAILED_BUILD.format("User_email_ccnew"),
        [("invalid_index", "public.User.User_email_ccnew")],
    ),
    "a failed build on a partition": (
        FAILED_BUILD.format("events_1_n_idx"),
        [("invalid_index", "public.events_1.events_1_n_idx")],
    ),
    "a dropped enum": ('DROP TYPE "Mood"', [("missing_enum", "public.Mood")]),
    "a new enum": ("CREATE TYPE colour AS ENUM ('red')", [("extra_enum", "public.colour")]),
    "a new label": ("""ALTER TYPE "Plan" ADD VALUE 'GOLD'""", [("extra_enum_label", "public.Plan.GOLD")]),
    "a renamed label": (
        """ALTER TYPE "Plan" RENAME VALUE 'PRO' TO 'PLUS'""",
        [("missing_enum_label", "public.Plan.PRO"), ("extra_enum_label", "public.Plan.PLUS")],
    ),
    "labels in another order": (
        """DROP TYPE "Mood"; CREATE TYPE "Mood" AS ENUM ('high', 'low')""",
        [("changed_enum", "public.Mood")],
    ),
    "a dropped trigger": ('DROP TRIGGER touch ON "User"', [("missing_trigger", "public.User.touch")]),
    "a new trigger": (
        'CREATE TRIGGER again BEFORE UPDATE ON "User" FOR EACH ROW EXECUTE FUNCTION touch()',
        [("extra_trigger", "public.User.again")],
    ),
    "a trigger that fires at other times": (
        'CREATE OR REPLACE TRIGGER touch BEFORE INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION touch()',
        [("changed_trigger", "public.User.touch")],
    ),
    "a disabled trigger": ('ALTER TABLE "User" DISABLE TRIGGER touch', [("disabled_trigger", "public.User.touch")]),
    "a foreign key without its triggers": (
        'ALTER TABLE "UsageEvent" DISABLE TRIGGER ALL',
        [("disabled_trigger", "public.UsageEvent.UsageEvent_userId_fkey")],
    ),
}
ELSEWHERE = {"recommended_index", "sequence_near_end", "transaction_id_age", "collation_version"}


@pytest.fixture(scope="module")
def database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """A database with one object of every kind; leave it as it is."""
    name = "schema_differences"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    with psycopg.connect(postgres_server.url(name)) as connection:
        connection.execute(MORE.encode())
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def baseline(database: str) -> SchemaBaseline:
    return read_schema(DatabaseAddress.from_url(database))


@pytest.fixture
def broken_by(postgres_server: EmbeddedPostgres, database: str) -> Iterator[Callable[[str], str]]:
    """What makes a copy of the database and changes it."""
    name = "schema_differences_broken"

    def break_by(statements: str) -> str:
        with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE schema_differences".encode())
        with psycopg.connect(postgres_server.url(name), autocommit=True) as connection:
            for statement in statements.split(";"):
                if statement.strip():
                    connection.execute(statement.encode())
        return postgres_server.url(name)

    yield break_by
    postgres_server.drop_database(name)


def found(baseline: SchemaBaseline, url: str, **options: Any) -> list[CheckResult]:
    return schema_differences(baseline, read_schema(DatabaseAddress.from_url(url)), CheckOptions(**options))


def named(results: list[CheckResult]) -> list[tuple[str, str]]:
    return [(result.rule_id.split(":")[0], result.subject) for result in results]


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_found_and_named_once(fault: str, baseline: SchemaBaseline, broken_by: Callable[[str], str]) -> None:
    statements, expected = FAULTS[fault]
    results = found(baseline, broken_by(statements))
    assert sorted(named(results)) == sorted(expected)
    for result in results:
        kind = result.rule_id.split(":")[0]
        assert (result.group, result.severity) == ("schema", KINDS[kind])
        assert result.subject.rpartition(".")[2] in result.sentence


REPAIRED = [name for name, (_, expected) in FAULTS.items() if not {kind for kind, _ in expected} & {
    "missing_table", "extra_table", "changed_table", "missing_column", "extra_column", "changed_type",
    "extra_constraint", "changed_constraint", "extra_index", "changed_index", "extra_enum", "extra_enum_label",
    "extra_trigger", "changed_trigger", "changed_enum",
}]  # fmt: skip
NOT_BY_A_STATEMENT = {
    "a dropped identity",
    "a new check that is not valid",  # then it is an extra one
    "a dropped index of a partitioned table",
    "a failed build on a partition",
}


@pytest.mark.parametrize("fault", [name for name in REPAIRED if name not in NOT_BY_A_STATEMENT])
def test_the_sql_that_is_named_puts_it_right(
    fault: str, baseline: SchemaBaseline, broken_by: Callable[[str], str]
) -> None:
    url = broken_by(FAULTS[fault][0])
    with psycopg.connect(url, autocommit=True) as connection:
        for result in found(baseline, url):
            for statement in result.sql.split(";"):
                if statement.strip():
                    connection.execute(statement.encode())
    assert named(found(baseline, url)) == []


def test_every_kind_of_difference_is_among_the_faults() -> None:
    assert {kind for _, expected in FAULTS.values() for kind, _ in expected} == set(KINDS) - ELSEWHERE


def test_a_copy_has_none(baseline: SchemaBaseline, broken_by: Callable[[str], str]) -> None:
    assert found(baseline, broken_by("SELECT 1")) == []


def test_a_ledger_of_prisma_is_no_difference(baseline: SchemaBaseline, broken_by: Callable[[str], str]) -> None:
    assert found(baseline, broken_by("CREATE TABLE _prisma_migrations (id text PRIMARY KEY)")) == []


def test_an_extension_and_a_partition_are_no_differences(
    baseline: SchemaBaseline, broken_by: Callable[[str], str]
) -> None:
    url = broken_by(
        "CREATE EXTENSION pg_stat_statements;"
        "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')"
    )
    assert found(baseline, url) == []


def test_the_trap_database_equals_itself(trap_database: str) -> None:
    live = read_schema(DatabaseAddress.from_url(trap_database))
    assert len(live.tables) > 30
    assert schema_differences(to_be_kept(live), live, CheckOptions()) == []


def test_both_sides_write_the_same_signatures(trap_database: str) -> None:
    address = DatabaseAddress.from_url(trap_database)
    ours = signatures(read_schema(address))
    with reading(address, timeout_ms=60_000) as session:
        session.execute(text("SET LOCAL search_path = ''"))
        for kind in OBJECT_KINDS:
            query = f"SELECT DISTINCT sig FROM ({signature_queries()[kind]}) AS anon"  # noqa: S608 - our own file
            theirs = session.execute(text(query)).scalars()
            assert frozenset(theirs) == ours[kind], kind


def test_an_optional_table_may_be_absent_with_all_that_hangs_on_it(
    baseline: SchemaBaseline, broken_by: Callable[[str], str]
) -> None:
    url = broken_by('DROP TABLE "Progress"')
    assert found(baseline, url, optional=("Progress",)) == []
    assert found(baseline, url, optional=("public.Pro*",)) == []


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_in_an_old_encoding_equals_itself(postgres_server: EmbeddedPostgres, encoding: str) -> None:
    name = f"schema_{encoding.lower()}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'".encode())
    try:
        with psycopg.connect(postgres_server.url(name), autocommit=True, client_encoding="latin1") as connection:
            connection.execute("""CREATE TABLE "Müller" ("größe" text DEFAULT 'groß')""".encode("latin1"))
        live = read_schema(DatabaseAddress.from_url(postgres_server.url(name)))
        assert ("public", "Müller") in live.tables
        assert live.tables["public", "Müller"].columns == {"größe": "text DEFAULT 'groß'::text"}
        assert schema_differences(live, live, CheckOptions()) == []
    finally:
        postgres_server.drop_database(name)
