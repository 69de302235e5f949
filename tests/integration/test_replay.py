"""Promise: migrations are tried on a scratch database as Prisma runs them, and what came of each is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbops.domain.ledger.migration import Migration
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.schema.differences import every_difference
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import PreflightFailed, ServerFailed
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.scratch.scratch_session import ReplayFailed
from dbops.gateways.scratch.statement_locks import TableSize, read_table_sizes
from dbops.jobs.migrations.replay import ScratchRun, find_drift, replayed_whole, tried
from dbops.jobs.migrations.scratch import Scratch
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create
from tests.backups import Programs
from tests.drills import public_folder
from tests.migrating_scratch import BASELINE, migration, scratch_like, tell
from tests.processes import processes_with

USER, TAG = ("public", "User"), ("public", "Tag")
SIZES = {USER: TableSize(5_000_000, 1000), TAG: TableSize(8192, 3)}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with public_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def live(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of the reference application's database, pushed and without a ledger; leave it as it is."""
    name = "replay_live"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def scratch(live: str, place: Path, programs: Programs) -> Iterator[Scratch]:
    with scratch_like(live, place, programs.folder) as found:
        yield found


def refused(scratch: Scratch, *migrations: Migration) -> ReplayFailed:
    with pytest.raises(ReplayFailed) as caught:
        replayed(scratch, [BASELINE, *migrations])
    return caught.value


def replayed(scratch: Scratch, migrations: Sequence[Migration]) -> SchemaBaseline:
    return replayed_whole(scratch, migrations).catalog


def scratch_runs(scratch: Scratch, *pending: Migration) -> Mapping[str, ScratchRun]:
    trial = tried(scratch, [BASELINE], pending, SIZES)
    assert (trial.differences, trial.refused) == ((), "")
    return trial.runs


def one(scratch: Scratch, pending: Migration) -> ScratchRun:
    return scratch_runs(scratch, pending)[pending.name]


def locks(run: ScratchRun) -> list[tuple[int, str, str, str]]:
    return [(lock.line, lock.subject, lock.mode, lock.blocks) for lock in run.locks]


def test_the_baseline_of_the_reference_application_is_what_it_was_pushed_as(scratch: Scratch, live: str) -> None:
    schema = replayed(scratch, [BASELINE])

    assert every_difference(schema, read_schema(DatabaseAddress.from_url(live))) == []
    assert find_drift(scratch, [BASELINE]) == ()
    assert scratch.notes == ()


def test_each_replay_begins_empty(scratch: Scratch) -> None:
    assert replayed(scratch, []).tables == {}
    assert replayed(scratch, [BASELINE]) == replayed(scratch, [BASELINE])


def test_an_index_that_is_built_concurrently_is_built_here_too(scratch: Scratch) -> None:
    index = migration(
        "1_x", '-- why\nCREATE INDEX CONCURRENTLY "by_name" ON "User" ("name");\n', concurrently=True
    )  # fmt: skip

    assert "by_name" in replayed(scratch, [BASELINE, index]).tables[USER].indexes


def test_a_migration_is_one_transaction(scratch: Scratch) -> None:
    with scratch.database() as address:
        with pytest.raises(ReplayFailed):
            replayed(
                replace(scratch, database=lambda: nullcontext(address)), [migration("1_x", "CREATE TABLE a ();\nX;")]
            )
        assert read_schema(address).tables == {}


def test_a_migration_may_be_a_comment_alone(scratch: Scratch) -> None:
    nothing = migration("1_x", "-- nothing yet\n", down="")

    assert scratch_runs(scratch, nothing)["1_x"].reversible


def test_a_body_with_semicolons_is_one_statement(scratch: Scratch) -> None:
    sql = "CREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n  SELECT 1;\n  SELECT 2;\nEND;\nSELECT f();"

    assert one(scratch, migration("1_x", sql)).locks == ()
    assert refused(scratch, migration("1_x", f"{sql}\nDROP TABLE none;")).line == 7


def test_a_setting_of_one_migration_does_not_reach_the_next(scratch: Scratch) -> None:
    lost = migration("0_dump", "SELECT pg_catalog.set_config('search_path', '', false);")

    assert ("public", "a") in replayed(scratch, [lost, migration("1_x", "CREATE TABLE a ();")]).tables


@pytest.mark.parametrize(
    ("sql", "line", "words"),
    [
        ('-- why\nALTER TABLE "User"\n  ADD age it;', 3, 'type "it" does not exist'),
        ('-- why\nSELECT 1;\n\nCREATE TABLE "Tag" ();', 4, 'relation "Tag" already exists'),
        ("\nCREATE TABLE a (;", 2, 'syntax error at or near ";"'),
        ('CREATE TABLE "Tag" ();', 1, 'relation "Tag" already exists'),
        ("SELECT 1;\nCREATE INDEX CONCURRENTLY a ON \"User\" (name);", 2, "cannot run inside a transaction block"),
    ],
)  # fmt: skip
def test_a_migration_that_does_not_run_is_told_with_its_line(scratch: Scratch, sql: str, line: int, words: str) -> None:
    failure = refused(scratch, migration("1_bad", sql))

    assert (failure.name, failure.line) == ("1_bad", line)
    assert f"1_bad/migration.sql, line {line} does not run on an empty scratch database" in failure.what
    assert words in failure.said


def test_what_a_failure_quotes_of_rows_is_not_told(scratch: Scratch) -> None:
    sql = """INSERT INTO "Tag" (id, name) VALUES ('1', 'secret'), ('2', 'secret');"""

    assert "secret" not in str(refused(scratch, migration("1_bad", sql)))


def test_roles_that_the_target_has_may_be_named(scratch: Scratch, live: str, place: Path, programs: Programs) -> None:
    tell(live, 'CREATE ROLE "replay-app"')
    try:
        with scratch_like(live, place, programs.folder) as found:
            replayed(found, [BASELINE, migration("1_x", 'GRANT SELECT ON "User" TO "replay-app";')])
    finally:
        tell(live, 'DROP ROLE "replay-app"')


def test_prismas_schema_is_where_migrations_go(live: str, place: Path, programs: Programs) -> None:
    with scratch_like(f"{live}?schema=app", place, programs.folder) as found:
        assert set(replayed(found, [migration("1_x", "CREATE TABLE a ();")]).tables) == {("app", "a")}


def test_nothing_is_left_of_it(live: str, place: Path, programs: Programs) -> None:
    with public_folder() as own:
        with scratch_like(live, own, programs.folder) as found:
            replayed(found, [BASELINE])
        assert list(own.iterdir()) == []
        assert processes_with(str(own)) == []


def test_a_scratch_server_serves_as_well_and_is_left_as_it_was(
    live: str, place: Path, programs: Programs, postgres_server: EmbeddedPostgres
) -> None:
    server = DatabaseAddress.from_url(postgres_server.url())
    index = migration("1_x", 'CREATE INDEX a ON "User" (name);', down="DROP INDEX a;")
    with scratch_like(live, place, programs.folder, scratch=server) as found:
        assert find_drift(found, [BASELINE]) == ()
        assert scratch_runs(found, index)["1_x"].reversible
    with psycopg.connect(postgres_server.url()) as connection:
        query = "SELECT count(*) FROM pg_database WHERE datname LIKE 'dbops_drill_%'"
        assert connection.execute(query).fetchone() == (0,)


def test_of_a_scratch_server_no_database_is_made_for_nothing(
    live: str, place: Path, programs: Programs, postgres_server: EmbeddedPostgres
) -> None:
    def made() -> set[str]:
        with psycopg.connect(postgres_server.url()) as connection:
            query = "SELECT datname FROM pg_database WHERE datname LIKE 'dbops_drill_%'"
            return {name for (name,) in connection.execute(query).fetchall()}

    server = DatabaseAddress.from_url(postgres_server.url())
    with scratch_like(live, place, programs.folder, scratch=server):
        assert len(made()) == 1  # what is not as at the target is known from it
    assert made() == set()
    with scratch_like(live, place, programs.folder, scratch=server) as found:
        first = made()
        with found.database() as one, found.database() as other:
            assert {one.database} == first
            assert made() == {one.database, other.database}
        assert made() == set()


def test_a_scratch_server_that_is_not_there_is_told(live: str, place: Path, programs: Programs) -> None:
    nowhere = DatabaseAddress.from_url("postgresql://drills@127.0.0.1:1/scratch")

    with (
        pytest.raises(ServerFailed, match=r"drill\.connection cannot be used"),
        scratch_like(live, place, programs.folder, scratch=nowhere),
    ):
        pass


def test_an_extension_that_scratch_lacks_is_told_before_anything_is_tried(
    empty_database: str, place: Path, programs: Programs
) -> None:
    """As a provider's own: it is there, and no other server has it."""
    tell(
        empty_database,
        "CREATE EXTENSION pgcrypto; UPDATE pg_extension SET extname = 'theirs' WHERE extname = 'pgcrypto'",
    )

    with (
        pytest.raises(PreflightFailed, match=r"throw-away server cannot hold .*no extension theirs\. Set drill\."),
        scratch_like(empty_database, place, programs.folder),
    ):
        pass


def test_the_locks_of_each_statement_are_told_with_what_they_block(scratch: Scratch) -> None:
    sql = (
        'CREATE TABLE "New" (id text PRIMARY KEY, "userId" text);\n'
        'ALTER TABLE "New" ADD FOREIGN KEY ("userId") REFERENCES "User" (id);\n'
        'CREATE INDEX by_name ON "Tag" (name);\n'
        'UPDATE "Category" SET description = NULL;\n'
        'UPDATE "User" SET name = NULL;\n'
        'SELECT count(*) FROM "Summary";\n'
        'ALTER TABLE "User" ADD age int;\n'
    )

    found = one(scratch, migration("1_x", sql))

    assert locks(found) == [
        (2, "public.User", "ShareRowExclusiveLock", "writes"),
        (3, "public.Tag", "ShareLock", "writes"),
        (4, "public.Category", "RowExclusiveLock", "neither"),
        (7, "public.User", "AccessExclusiveLock", "reads and writes"),
    ]
    assert [(lock.bytes, lock.rows) for lock in found.locks] == [
        (5_000_000, 1000), (8192, 3), (0, 0), (5_000_000, 1000),
    ]  # fmt: skip
    assert found.locks[1].statement == 'CREATE INDEX by_name ON "Tag" (name)'


def test_a_table_that_a_statement_writes_anew_is_told_at_that_statement(scratch: Scratch) -> None:
    sql = (
        'ALTER TABLE "User" ADD age int;\n'
        'ALTER TABLE "User" ALTER age TYPE bigint;\n'
        'ALTER TABLE "User" ALTER age SET DEFAULT 1;\n'
        'TRUNCATE "Tag" CASCADE;\n'
        'ALTER TABLE "Tag" ADD n int;\n'
        'DROP TABLE "Progress" CASCADE;\n'
        'CREATE TABLE "New" (id int);\n'
        'ALTER TABLE "New" ALTER id TYPE bigint;\n'
    )

    found = one(scratch, migration("1_x", sql))

    anew = [(lock.line, lock.subject, lock.mode) for lock in found.locks if lock.rewrites]
    assert anew == [(2, "public.User", "AccessExclusiveLock")]


def test_a_lock_on_an_index_is_one_on_its_table(scratch: Scratch) -> None:
    found = one(scratch, migration("1_x", 'REINDEX INDEX "User_email_key";'))

    assert ("public.User", "AccessExclusiveLock") in {(lock.subject, lock.mode) for lock in found.locks}


@pytest.mark.parametrize(
    "sql",
    ['CREATE INDEX CONCURRENTLY by_name ON "User" (name);', 'DROP INDEX CONCURRENTLY "User_stripeCustomerId_key";'],
)
def test_what_works_concurrently_stands_in_nobodys_way(scratch: Scratch, sql: str) -> None:
    found = one(scratch, migration("1_x", sql, concurrently=True))

    assert locks(found) == [(1, "public.User", "ShareUpdateExclusiveLock", "neither")]


def test_the_sizes_are_the_live_tables(live: str, postgres_server: EmbeddedPostgres) -> None:
    name = "replay_sizes"
    postgres_server.create_database(name)
    url = postgres_server.url(name)
    tell(
        url,
        "CREATE TABLE a AS SELECT n FROM generate_series(1, 1000) n; CREATE TABLE p (n int) PARTITION BY RANGE (n);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); INSERT INTO p VALUES (1), (2); ANALYZE",
    )
    sizes = read_table_sizes(DatabaseAddress.from_url(url))
    postgres_server.drop_database(name)

    assert (sizes["public", "a"].rows, sizes["public", "p"].rows, sizes["public", "p1"].rows) == (1000, 2, 2)
    assert sizes["public", "a"].bytes > sizes["public", "p"].bytes == sizes["public", "p1"].bytes > 0


def test_a_down_that_leads_back_is_reversible(scratch: Scratch) -> None:
    index = 'CREATE INDEX CONCURRENTLY by_name ON "User" (name);'
    there = [
        migration("1_column", 'ALTER TABLE "User" ADD age int;', down='ALTER TABLE "User" DROP age;'),
        migration("2_index", index, down="DROP INDEX CONCURRENTLY by_name;", concurrently=True),
        migration("3_none", 'ALTER TABLE "User" DROP age;'),
        migration("4_none", "SELECT 1;", down="SELECT 1;"),
    ]

    found = scratch_runs(scratch, *there)

    assert {name: (each.reversible, each.why_not) for name, each in found.items()} == {
        "1_column": (True, ""),
        "2_index": (True, ""),
        "3_none": (False, "it has no down.sql"),
        "4_none": (True, ""),
    }


def test_a_down_that_leads_elsewhere_is_not_and_those_after_it_are_tried_all_the_same(scratch: Scratch) -> None:
    there = [
        migration("1_half", 'ALTER TABLE "User" ADD age int, ADD size int;', down='ALTER TABLE "User" DROP age;'),
        migration("2_broken", "CREATE TABLE a ();", down="SELECT 1;\nDROP TABLE b;"),
        migration("3_function", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';", down="SELECT 1;"),
        migration("4_good", 'ALTER TABLE "User" DROP age;', down='ALTER TABLE "User" ADD age int;'),
    ]

    found = scratch_runs(scratch, *there)

    assert {name: each.why_not for name, each in found.items()} == {
        "1_half": "its down.sql does not lead back to the schema before: "
        "the column public.User.size (integer) is not in the baseline",
        "2_broken": 'its down.sql does not run (line 2): table "b" does not exist',
        "3_function": "its down.sql does not lead back to the schema before: "
        "the function public.f() is in no migration",
        "4_good": "",
    }


def test_a_pending_migration_that_does_not_run_is_told(scratch: Scratch) -> None:
    good, bad = migration("1_good", "SELECT 1;"), migration("2_bad", 'SELECT 1;\nCREATE TABLE "Tag" ();')

    trial = tried(scratch, [BASELINE], [good, bad], SIZES)

    assert re.search(r"2_bad/migration\.sql, line 2 .*already exists", trial.refused)
    assert (trial.differences, trial.runs) == ((), {})


def test_an_applied_migration_that_does_not_run_leaves_nothing_to_tell(scratch: Scratch) -> None:
    with pytest.raises(ReplayFailed, match=r"1_bad/migration\.sql, line 1 .*already exists"):
        tried(scratch, [BASELINE, migration("1_bad", 'CREATE TABLE "Tag" ();')], [migration("2_x", "SELECT 1;")], SIZES)


def test_the_applied_migrations_are_replayed_once_for_the_drift_and_the_pending_ones(scratch: Scratch) -> None:
    made: list[str] = []

    @contextmanager
    def counted() -> Iterator[DatabaseAddress]:
        with scratch.database() as address:
            made.append(address.database)
            yield address

    there = [migration("1_x", "CREATE TABLE a ();", down="DROP TABLE a;"), migration("2_x", "CREATE TABLE b ();")]
    found = scratch_runs(replace(scratch, database=counted), *there)

    assert (list(found), len(made)) == (["1_x", "2_x"], 1)
