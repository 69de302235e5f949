"""Promise: what is loaded has statistics of its partitioned tables as a whole, which nothing else ever gives them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import RestoreFailed
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import Program, find_program
from tests.backups import execute
from tests.loading import Loader
from tests.restoring import Restoring
from tests.schema_restores import Repair

EVENTS = (
    "CREATE SCHEMA log",
    """CREATE TABLE log."Events" (day date, kind text, n int) PARTITION BY RANGE (day)""",
    """CREATE TABLE log.january PARTITION OF log."Events" FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
       PARTITION BY LIST (kind)""",
    "CREATE TABLE log.january_a PARTITION OF log.january FOR VALUES IN ('a')",
    "CREATE TABLE log.january_b PARTITION OF log.january FOR VALUES IN ('b')",
    """CREATE TABLE log.february PARTITION OF log."Events" FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')""",
    """INSERT INTO log."Events"
       SELECT date '2026-01-01' + n % 59, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, n FROM generate_series(0, 999) n""",
    """CREATE STATISTICS log.together (dependencies) ON day, n FROM log."Events" """,
    "CREATE TABLE log.empty (n int) PARTITION BY RANGE (n)",
)
PARENTS = {"Events", "january"}


def with_statistics(url: str, schema: str = "log") -> set[str]:
    """The partitioned tables about which the planner knows all of their rows together."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            """SELECT DISTINCT s.tablename FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename
               JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
               WHERE s.schemaname = %s AND s.inherited AND c.relkind = 'p'""",
            [schema],
        )
        return {name for (name,) in found}


@pytest.fixture
def events(empty_database: str) -> str:
    execute(empty_database, *EVENTS)
    return empty_database


def test_a_restored_database_has_those_of_its_partitioned_tables(restoring: Restoring) -> None:
    restoring.tell(*EVENTS)
    restoring.loader.back_up(restoring.url)

    record = restoring.restored(mode="beside")

    assert with_statistics(restoring.url_of(record.database)) == PARENTS
    [(known,)] = restoring.ask("SELECT count(*) FROM pg_statistic_ext_data WHERE stxdinherit", record.database)
    assert known == 1


def test_so_has_a_restored_schema_and_no_other_is_looked_at(
    loader: Loader, events: str, restored_database: str, tmp_path: Path
) -> None:
    execute(
        restored_database, *(each.replace("log.", "other.").replace("SCHEMA log", "SCHEMA other") for each in EVENTS)
    )
    repair = Repair(loader, tmp_path / "repairs")
    loader.back_up(events)

    repair.restore(restored_database, "log", "log_again")

    assert with_statistics(restored_database, "log_again") == PARENTS
    assert with_statistics(restored_database, "other") == set()


@pytest.fixture
def vacuumdb(loader: Loader) -> Program:
    return find_program("vacuumdb", loader.desk.programs.folder, at_least=16, why="a test")


def test_a_partition_on_another_server_is_not_asked_for_them(vacuumdb: Program, empty_database: str) -> None:
    execute(
        empty_database,
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', connect_timeout '1')",
        "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'nobody', password 'none')",
        "CREATE TABLE spread (n int) PARTITION BY RANGE (n)",
        "CREATE TABLE near PARTITION OF spread FOR VALUES FROM (0) TO (10)",
        "CREATE FOREIGN TABLE away PARTITION OF spread FOR VALUES FROM (10) TO (20) SERVER far",
        "INSERT INTO near VALUES (1), (2), (3)",
        """CREATE TABLE "odd ""name"" %s :x" (n int) PARTITION BY RANGE (n)""",
        """CREATE TABLE odd_1 PARTITION OF "odd ""name"" %s :x" DEFAULT""",
        "INSERT INTO odd_1 VALUES (1), (2), (3)",
    )

    analyze(vacuumdb, DatabaseAddress.from_url(empty_database), 2)

    assert with_statistics(empty_database, "public") == {'odd "name" %s :x'}


def test_one_that_fails_is_named_and_no_functions_words_are_repeated(vacuumdb: Program, empty_database: str) -> None:
    body = "BEGIN IF current_setting('my.quiet', true) = 'on' THEN RETURN $1; END IF; RAISE 'card %', $1; END"
    execute(
        empty_database,
        f"CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $${body}$$",
        "CREATE TABLE cards (c text) PARTITION BY LIST (c)",
        "CREATE TABLE cards_1 PARTITION OF cards DEFAULT",
        "INSERT INTO cards VALUES ('4111111111111111')",
        "SET my.quiet = 'on'; CREATE STATISTICS known ON (f(c)), c FROM cards",
    )

    with pytest.raises(RestoreFailed, match=r"table public\.cards failed: the server's words are not") as no:
        analyze(vacuumdb, DatabaseAddress.from_url(empty_database), 2)

    assert "4111" not in str(no.value)
