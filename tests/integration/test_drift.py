"""Promise: what a live database is and its migrations are not is found, each kind of it, and called by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from dbops.domain.schema.drift import drift, whole_drift
from dbops.domain.schema.object_differences import Difference
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.processes.programs import Program, find_pg_dump
from dbops.gateways.schema.whole_schema import read_whole_schema
from dbops.jobs.migrations.replay import find_drift, replayed_whole
from demo.postgres import EmbeddedPostgres
from tests.backups import Programs
from tests.drills import public_folder
from tests.migrating_scratch import BASELINE, migration, scratch_like, tell

FAILED_BUILD = """UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"{}"'::regclass"""

# What a baseline does not model, so that drift of it can be made.
MORE = """
CREATE EXTENSION pgcrypto;
CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
CREATE SEQUENCE invoice_number START 1000;
CREATE DOMAIN slug AS text CHECK (VALUE ~ '^[a-z-]+$');
CREATE VIEW busy AS SELECT "userId", count(*) AS events FROM "UsageEvent" GROUP BY 1;
ALTER TABLE "Summary" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "Summary" USING ("userId" = current_user);
CREATE TYPE span AS (a int, b int);
CREATE TABLE events (day date NOT NULL, n int) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
ALTER TABLE "Tag" ADD "sorted" text COLLATE "C";
CREATE TABLE folk (n int);
CREATE TABLE heirs (CONSTRAINT is_some CHECK (n > 0)) INHERITS (folk);
"""
MIGRATIONS = (BASELINE, migration("1_more", MORE))

# The twelve that the issue names.
TWELVE: dict[str, tuple[str, tuple[str, str], tuple[str, ...]]] = {
    "a dropped index": (
        'DROP INDEX "Summary_videoId_idx"',
        ("missing_index", "public.Summary.Summary_videoId_idx"),
        ("index", "missing"),
    ),
    "a dropped column": (
        'ALTER TABLE "Summary" DROP quotes',
        ("missing_column", "public.Summary.quotes"),
        ("column", "missing"),
    ),
    "a changed type": (
        'ALTER TABLE "UsageEvent" ALTER tokens TYPE bigint',
        ("changed_type", "public.UsageEvent.tokens"),
        ("is bigint", "should be integer"),
    ),
    "a renamed column": (
        'ALTER TABLE "Summary" RENAME "videoTitle" TO title',
        ("renamed_column", "public.Summary.videoTitle"),
        ("title (text)", "renamed or replaced"),
    ),
    "an extra table": (
        'CREATE TABLE "Invoice" (id serial PRIMARY KEY, "userId" text REFERENCES "User", UNIQUE ("userId"))',
        ("extra_table", "public.Invoice"),
        ("table",),
    ),
    "a changed default": (
        'ALTER TABLE "User" ALTER "monthlyLimit" SET DEFAULT 100',
        ("changed_default", "public.User.monthlyLimit"),
        ("default 100", "default 10"),
    ),
    "a new label of an enum": (
        """ALTER TYPE "Plan" ADD VALUE 'GOLD'""",
        ("extra_enum_label", "public.Plan.GOLD"),
        ("enum", "GOLD"),
    ),
    "a changed collation": (
        'ALTER TABLE "Category" ALTER color TYPE text COLLATE "C"',
        ("changed_type", "public.Category.color"),
        ('has the collation pg_catalog."C"', "no collation of its own"),
    ),
    "a renamed constraint": (
        'ALTER TABLE "Summary" RENAME CONSTRAINT "Summary_userId_fkey" TO summary_user',
        ("renamed_constraint", "public.Summary.Summary_userId_fkey"),
        ("is called summary_user",),
    ),
    "a changed action of a foreign key": (
        """ALTER TABLE "ShareLink" DROP CONSTRAINT "ShareLink_userId_fkey", ADD CONSTRAINT "ShareLink_userId_fkey"
           FOREIGN KEY ("userId") REFERENCES "User" (id) ON UPDATE CASCADE ON DELETE SET NULL""",
        ("changed_constraint", "public.ShareLink.ShareLink_userId_fkey"),
        ("ON DELETE SET NULL", "ON DELETE CASCADE"),
    ),
    "a changed direction of an index": (
        'DROP INDEX "Summary_status_idx"; CREATE INDEX "Summary_status_idx" ON "Summary" (status DESC)',
        ("changed_index", "public.Summary.Summary_status_idx"),
        ("status DESC",),
    ),
    "an INVALID index": (
        FAILED_BUILD.format("Summary_videoId_idx"),
        ("invalid_index", "public.Summary.Summary_videoId_idx"),
        ("INVALID",),
    ),
}
# What only the second opinion knows.
OBJECTS: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "a view that runs as somebody else": (
        "ALTER VIEW busy SET (security_invoker = true)",
        [("changed_object", "public.busy", "error")],
    ),
    "a view that is gone is told once": ("DROP VIEW busy", [("missing_table", "public.busy", "error")]),
    "another body of a function": (
        "CREATE OR REPLACE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'",
        [("changed_object", "public.double(integer)", "error")],
    ),
    "a function more": (
        "CREATE FUNCTION three() RETURNS int LANGUAGE sql AS 'SELECT 3'",
        [("extra_object", "public.three()", "error")],
    ),
    "a function less": (
        "DROP FUNCTION double(int)",
        [("missing_object", "public.double(integer)", "error")],
    ),
    "a sequence with another step": (
        "ALTER SEQUENCE invoice_number INCREMENT 2",
        [("changed_object", "public.invoice_number", "error")],
    ),
    "an extension less": ("DROP EXTENSION pgcrypto", [("missing_object", "pgcrypto", "error")]),
    "an extension more is a warning": ("CREATE EXTENSION pg_trgm", [("extra_object", "pg_trgm", "warning")]),
    "a domain with another check": (
        "ALTER DOMAIN slug ADD CHECK (VALUE <> '')",
        [("changed_object", "public.slug", "error")],
    ),
    "another policy": (
        'ALTER POLICY own ON "Summary" USING (true)',
        [("changed_object", "public.Summary own", "error")],
    ),
    "rows that are hidden no longer": (
        'ALTER TABLE "Summary" DISABLE ROW LEVEL SECURITY',
        [("missing_object", "public.Summary", "error")],
    ),
    "a composite type with another part": (
        "ALTER TYPE span ADD ATTRIBUTE c int",
        [("changed_object", "public.span", "error")],
    ),
    "a comment is a warning": (
        """COMMENT ON TABLE "User" IS 'who pays'""",
        [("extra_object", 'public.TABLE "User"', "warning")],
    ),
    "how a table is stored is a warning": (
        'ALTER TABLE "User" SET (fillfactor = 70)',
        [("changed_object", "public.User", "warning")],
    ),
    "a table that inherits no longer": (
        "ALTER TABLE heirs NO INHERIT folk",
        [("changed_object", "public.heirs", "error")],
    ),
    "a renamed check beside a table that inherits no longer": (
        "ALTER TABLE heirs RENAME CONSTRAINT is_some TO is_any; ALTER TABLE heirs NO INHERIT folk",
        [("changed_object", "public.heirs", "error"), ("renamed_constraint", "public.heirs.is_some", "warning")],
    ),
    "how a column is stored is a warning": (
        'ALTER TABLE "User" ALTER name SET STORAGE EXTERNAL',
        [("changed_object", "public.User", "warning")],
    ),
    "a partition more is none": (
        "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
        [],
    ),
    "owners and grants are none": (
        'CREATE ROLE drifter; ALTER TABLE "Tag" OWNER TO drifter; GRANT SELECT ON "User" TO drifter; '
        "GRANT USAGE ON SCHEMA public TO drifter",
        [],
    ),
    "another order of columns is none": (
        'ALTER TABLE "Tag" DROP COLUMN "sorted"; ALTER TABLE "Tag" DROP COLUMN "createdAt"; '
        'ALTER TABLE "Tag" ADD "sorted" text COLLATE "C"; '
        'ALTER TABLE "Tag" ADD "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP',
        [],
    ),
    "the ledger is none": (
        "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, name text); "
        "COMMENT ON TABLE _prisma_migrations IS 'x'",
        [],
    ),
}


@pytest.fixture(scope="module")
def pg_dump(programs: Programs) -> Program:
    return find_pg_dump(programs.folder, 17)


@pytest.fixture(scope="module")
def live(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database that was made by the migrations; leave it as it is."""
    name = "drift_live"
    postgres_server.create_database(name)
    tell(postgres_server.url(name), *(one.sql for one in MIGRATIONS))
    yield name
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def expected(postgres_server: EmbeddedPostgres, live: str, programs: Programs) -> WholeSchema:
    """What the migrations make, on a throw-away server."""
    with (
        public_folder() as place,
        scratch_like(postgres_server.url(live), place, programs.folder) as scratch,
    ):
        assert find_drift(scratch, MIGRATIONS) == ()
        return replayed_whole(scratch, MIGRATIONS)


@pytest.fixture
def drifted(postgres_server: EmbeddedPostgres, live: str, pg_dump: Program) -> Iterator[Callable[[str], WholeSchema]]:
    """What makes a copy of the live database, changes it, and reads it."""
    name = "drift_broken"

    def drift_by(script: str) -> WholeSchema:
        with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {live}".encode())
        tell(postgres_server.url(name), script)
        return read_whole_schema(pg_dump, DatabaseAddress.from_url(postgres_server.url(name)))

    yield drift_by
    postgres_server.drop_database(name)
    tell(postgres_server.url(), "DROP ROLE IF EXISTS drifter")


def named(found: tuple[Difference, ...]) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in found]


@pytest.mark.parametrize("kind", TWELVE)
def test_it_is_found_and_named(kind: str, expected: WholeSchema, drifted: Callable[[str], WholeSchema]) -> None:
    script, wanted, words = TWELVE[kind]

    schema = drifted(script)
    found = drift(expected.catalog, schema.catalog)

    assert named(found)[:1] == [wanted]
    assert all(word in found[0].sentence for word in words)
    assert found[0].severity == ("warning" if kind == "a renamed constraint" else "error")
    others = {one.kind for one in found[1:]}
    assert others <= {"changed_index"}  # an index of a renamed column
    assert whole_drift(expected, schema) == found


@pytest.mark.parametrize("what", OBJECTS)
def test_what_the_catalog_comparison_does_not_know_is_told_by_the_second_opinion(
    what: str, expected: WholeSchema, drifted: Callable[[str], WholeSchema]
) -> None:
    script, wanted = OBJECTS[what]

    found = whole_drift(expected, drifted(script))

    assert [(one.kind, one.subject, one.severity) for one in found] == wanted
