"""Promise: a verification that says ok has looked; whatever is not as in the backup is found, and named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from dbops.domain.archives.selection import Selection, select
from dbops.domain.backups.verification import Verification
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import RestoreFailed
from dbops.gateways.archive import Archive
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import find_program
from dbops.gateways.server.restored_database import RestoredDatabase
from dbops.jobs.backups.verify import Restored, verify
from tests.backups import execute
from tests.loading import BY_ENUM, FELT, SHOP, Loader

MORE = (
    "ALTER TABLE crm.customers ADD CONSTRAINT named CHECK (name <> '')",
    "CREATE TABLE ids (id int GENERATED ALWAYS AS IDENTITY, down int)",
    "CREATE SEQUENCE down INCREMENT -1 OWNED BY ids.down",
    "ALTER TABLE ids ALTER down SET DEFAULT nextval('down')",
    "INSERT INTO ids DEFAULT VALUES",
    "INSERT INTO ids DEFAULT VALUES",
    "CREATE SEQUENCE tickets START 42",
    "SELECT nextval('tickets') FROM generate_series(1, 5000)",
    "CREATE SEQUENCE untouched",
    "CREATE VIEW glad AS SELECT * FROM crm.customers WHERE mood = 'glad'",
)


class Bench:
    """A backup of a shop, restored; ``verdict`` is asked again after each sabotage."""

    def __init__(self, loader: Loader, source: str, restored: str, selection: Selection | None = None) -> None:
        self.loader, self.url = loader, restored
        self.archive: Archive = loader.back_up(source)
        self.selection = selection
        self.address = DatabaseAddress.from_url(restored)
        self.loaded = loader.load(self.archive, restored, selection)
        vacuumdb = find_program("vacuumdb", loader.desk.programs.folder, at_least=16, why="a test")
        self.analyzed = analyze(vacuumdb, self.address, 2)

    def verdict(self) -> Verification:
        pg_dump = find_program("pg_dump", self.loader.desk.programs.folder, at_least=16, why="a test")
        restored = Restored(
            archive=self.archive,
            address=self.address,
            loaded=self.loaded,
            analyze_seconds=self.analyzed,
            started=datetime.now(UTC),
            selection=self.selection,
        )
        return verify(restored, pg_dump, kind="restore", run="test", jobs=2, clock=lambda: datetime.now(UTC))


@pytest.fixture
def bench(loader: Loader, empty_database: str, restored_database: str) -> Bench:
    execute(empty_database, *SHOP, *MORE)
    return Bench(loader, empty_database, restored_database)


def test_an_analyze_that_fails_names_its_table_and_repeats_no_functions_words(
    loader: Loader, restored_database: str
) -> None:
    body = "BEGIN IF current_setting('my.quiet', true) = 'on' THEN RETURN $1; END IF; RAISE 'card %', $1; END"
    execute(
        restored_database,
        f"CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $${body}$$",
        "CREATE TABLE cards (c text)",
        "CREATE INDEX ON cards (f(c))",
        "SET my.quiet = 'on'; INSERT INTO cards VALUES ('4111111111111111')",
    )
    vacuumdb = find_program("vacuumdb", loader.desk.programs.folder, at_least=16, why="a test")

    with pytest.raises(RestoreFailed, match="the server's words are not repeated") as refused:
        analyze(vacuumdb, DatabaseAddress.from_url(restored_database), 2)

    assert "failed (status 1): " in refused.value.what
    assert "4111" not in str(refused.value)


def test_a_restored_database_is_what_its_backup_says(bench: Bench) -> None:
    verdict = bench.verdict()

    assert verdict.findings == ()
    assert verdict.ok
    assert (verdict.tables, verdict.rows) == (len(bench.archive.manifest.tables), 252)
    assert verdict.bytes_downloaded == bench.loaded.downloaded
    assert Verification.from_json(verdict.to_json()) == verdict


def test_the_trap_database_is_verified(loader: Loader, trap_database: str, restored_database: str) -> None:
    verdict = Bench(loader, trap_database, restored_database).verdict()

    assert verdict.errors == ()
    assert verdict.ok


SABOTAGE = {
    "a deleted row": ("DELETE FROM crm.customers WHERE id = 101 OR id = 7 AND false", ""),
    "a missing row": ("DELETE FROM crm.orders WHERE id = 7", "Table crm.orders has 99 rows; the backup has 100."),
    "an extra row": ("INSERT INTO ids DEFAULT VALUES", "Table public.ids has 3 rows; the backup has 2."),
    "a missing table": ("DROP TABLE crm.lines", "Table crm.lines is missing; the backup has it with 0 rows."),
    "an extra table": ("CREATE TABLE crm.more (n int)", "Table crm.more is not in the backup."),
    "a missing index": ("DROP INDEX crm.customers_name_idx", "Index crm.customers_name_idx is missing."),
    "a missing constraint": (
        "ALTER TABLE crm.customers DROP CONSTRAINT named",
        "Table crm.customers is defined otherwise than in the backup.",
    ),
    "a constraint that was never checked": (
        "ALTER TABLE crm.orders DROP CONSTRAINT orders_customer_fkey, ADD CONSTRAINT orders_customer_fkey "
        "FOREIGN KEY (customer) REFERENCES crm.customers NOT VALID",
        "Fk constraint crm.orders orders_customer_fkey is defined otherwise than in the backup.",
    ),
    "a sequence that starts anew": (
        "ALTER SEQUENCE crm.customers_id_seq RESTART",
        "Sequence crm.customers_id_seq does not have the value that the backup has.",
    ),
    "a sequence without a column that starts anew": (
        "ALTER SEQUENCE tickets RESTART WITH 1",
        "Sequence public.tickets does not have the value that the backup has.",
    ),
    "a sequence that gave its first value": (
        "SELECT nextval('untouched')",
        "Sequence public.untouched does not have the value that the backup has.",
    ),
    "a missing sequence": ("DROP SEQUENCE tickets", "Sequence public.tickets is missing."),
    "a missing extension": ("DROP EXTENSION pgcrypto", "Extension pgcrypto is missing."),
    "another type": (
        "ALTER TABLE crm.orders ALTER note TYPE varchar(2000)",
        "Table crm.orders is defined otherwise than in the backup.",
    ),
    "another default": (
        "ALTER TABLE crm.customers ALTER name SET DEFAULT 'y'",
        "Table crm.customers is defined otherwise than in the backup.",
    ),
    "a disabled trigger": (
        "ALTER TABLE crm.customers DISABLE TRIGGER touch",
        "Trigger crm.customers touch is defined otherwise than in the backup.",
    ),
    "another view": (
        "CREATE OR REPLACE VIEW glad AS SELECT * FROM crm.customers",
        "View public.glad is defined otherwise than in the backup.",
    ),
    "another comment": (
        "COMMENT ON TABLE crm.customers IS 'changed'",
        "Comment crm.TABLE customers is defined otherwise than in the backup.",
    ),
    "another owner": (
        "ALTER TABLE ids OWNER TO pg_monitor",
        "Table public.ids is defined otherwise than in the backup.",
    ),
    "a large object too few": (
        "SELECT lo_unlink((SELECT min(oid) FROM pg_largeobject_metadata))",
        "The database has 2 large objects; the backup has 3.",
    ),
}
del SABOTAGE["a deleted row"]


@pytest.mark.parametrize(("statement", "sentence"), SABOTAGE.values(), ids=SABOTAGE.keys())
def test_whatever_is_not_as_in_the_backup_is_found_and_named(bench: Bench, statement: str, sentence: str) -> None:
    execute(bench.url, statement)

    verdict = bench.verdict()

    assert not verdict.ok
    assert sentence in verdict.errors


def test_a_difference_that_another_pg_dump_may_make_is_a_warning(bench: Bench) -> None:
    """A worker whose programs are newer than the backup must not condemn it."""
    older = replace(bench.archive.manifest, pg_dump_version="16.4")
    bench.archive = replace(bench.archive, manifest=older)
    execute(bench.url, "ALTER TABLE crm.orders ALTER note TYPE varchar(2000)")

    verdict = bench.verdict()

    assert verdict.ok
    assert verdict.warnings == (
        "Table crm.orders is defined otherwise than in the backup, as pg_dump 17 tells it of PostgreSQL 17; the backup "
        "is pg_dump 16's of PostgreSQL 17.",
    )


def test_an_index_whose_build_failed_is_found(bench: Bench) -> None:
    with psycopg.connect(bench.url, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON crm.customers (mood)")

    assert "Index crm.broken is invalid: its build failed." in bench.verdict().errors


def test_a_sequence_that_was_behind_already_is_a_warning(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *SHOP, "INSERT INTO crm.customers (id, mood) VALUES (900, 'sad')")

    verdict = Bench(loader, empty_database, restored_database).verdict()

    assert verdict.ok
    assert len(verdict.warnings) == 1
    assert "crm.customers_id_seq" in verdict.warnings[0]


def test_each_of_many_sequences_is_asked_and_only_those_that_are_wanted(empty_database: str) -> None:
    execute(
        empty_database,
        """DO $$ BEGIN FOR n IN 1..450 LOOP
               EXECUTE format('CREATE SEQUENCE %I', 's % "' || n);
               PERFORM setval(format('%I', 's % "' || n), n, n % 2 = 0);
           END LOOP; END $$""",
        "CREATE SEQUENCE another",
    )
    stand = {("public", f's % "{n}'): (n, n % 2 == 0) for n in range(1, 451)}

    found = RestoredDatabase(DatabaseAddress.from_url(empty_database)).sequences([*stand, ("public", "nowhere")])

    assert found == stand


def test_a_part_of_a_backup_is_compared_with_that_part_only(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *SHOP, *MORE)
    archive = loader.back_up(empty_database)
    bench = Bench(loader, empty_database, restored_database, select(archive.entries, tables=["crm.customers"]))

    verdict = bench.verdict()

    assert verdict.findings == ()
    assert (verdict.tables, verdict.rows, verdict.whole) == (1, 100, False)


def test_rows_that_lie_in_other_partitions_than_in_the_backup_are_whole(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *BY_ENUM, "CREATE TABLE other AS SELECT 1 AS id")
    execute(restored_database, *(f"CREATE TYPE t{n} AS ENUM ('a', 'b')" for n in range(3)))  # takes oids
    execute(restored_database, *(f"DROP TYPE t{n}" for n in range(3)))

    verdict = Bench(loader, empty_database, restored_database).verdict()

    assert verdict.findings == ()
    assert (verdict.tables, verdict.rows) == (4, FELT + 1)


def test_a_row_that_is_missing_from_all_partitions_is_found(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *BY_ENUM)
    bench = Bench(loader, empty_database, restored_database)
    execute(restored_database, "DELETE FROM feelings.felt WHERE id = 2048")

    assert bench.verdict().errors == (
        f"The partitions of table feelings.felt have {FELT - 1} rows together; the backup has {FELT}.",
    )


def test_the_rows_of_one_partition_alone_are_counted_in_all_of_them(
    loader: Loader, empty_database: str, restored_database: str
) -> None:
    execute(empty_database, *BY_ENUM)
    archive = loader.back_up(empty_database)
    (rows,) = (table.rows for table in archive.manifest.tables if table.name == "felt_0")
    chosen = select(archive.entries, tables=["feelings.felt_0"])

    verdict = Bench(loader, empty_database, restored_database, chosen).verdict()

    assert verdict.findings == ()
    assert (verdict.tables, verdict.rows) == (1, rows)
