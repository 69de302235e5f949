"""Onboarding a real database: the first run writes, a later one shows what has changed and overwrites nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from sqlalchemy import text

from dbops.domain.options.checks import CheckOptions
from dbops.domain.report import Verdict
from dbops.domain.schema.baseline_report import BaselineReport
from dbops.domain.schema.differences import schema_differences
from dbops.domain.schema.exhaustion import exhaustion
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import in_sql, read_table_name
from dbops.domain.target import Target
from dbops.errors import DatabaseError, InvalidRequest
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.server.exhaustion import read_exhaustion
from dbops.gateways.server.sessions import reading
from dbops.jobs.checks.baseline import baseline
from demo.postgres import EmbeddedPostgres
from tests.backups import execute, target
from tests.unit.samples import NOW, Clock

SHOP = (
    "CREATE TYPE size AS ENUM ('small', 'large')",
    """CREATE TABLE "User" (id text PRIMARY KEY, name text, age int, email text UNIQUE,
                            "createdAt" timestamp(3) NOT NULL)""",
    """CREATE TABLE orders (id serial PRIMARY KEY, "userId" text NOT NULL REFERENCES "User", size size, amount numeric,
                            balance int NOT NULL, at timestamptz, data jsonb, list jsonb NOT NULL, note text)""",
    "CREATE UNIQUE INDEX one_large ON orders (\"userId\") WHERE size = 'large'",
    'CREATE VIEW spent AS SELECT "userId", sum(amount) AS amount FROM orders GROUP BY 1',
    """INSERT INTO "User" SELECT 'u' || n, 'name', n, n || '@x', now() AT TIME ZONE 'UTC' - n * interval '1 h'
       FROM generate_series(0, 99) n""",
    """INSERT INTO orders ("userId", size, amount, balance, at, data, list, note)
       SELECT 'u' || n, 'small', n, 5 - n, now() - interval '300 days', '{"secret": "value"}', '[]', NULL
       FROM generate_series(0, 99) n""",
)


@pytest.fixture
def shop(empty_database: str) -> str:
    execute(empty_database, *SHOP)
    return empty_database


@pytest.fixture
def run(shop: str, tmp_path: Path) -> Callable[..., BaselineReport]:
    def run_it(*, accept: bool = False, asked: Target | None = None) -> BaselineReport:
        address = DatabaseAddress.from_url(shop)
        return baseline(asked or target("vault"), address, tmp_path, clock=Clock(NOW), accept=accept)

    return run_it


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def suite(tmp_path: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    (path,) = tmp_path.rglob(f"{name}.yaml")
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in yaml.safe_load(path.read_text())["expectations"]:
        found.setdefault(rule["type"].removeprefix("expect_"), []).append(rule["kwargs"])
    return found


def test_the_first_run_writes_the_schema_and_a_suite_for_each_table(
    run: Callable[..., BaselineReport], tmp_path: Path
) -> None:
    report = run()
    name = report.target
    assert report.verdict is Verdict.OK
    assert {Path(path).name for path in report.written} == {"schema.yaml", "User.yaml", "orders.yaml"}
    assert set(contents(tmp_path)) == set(report.written)
    assert f"expectations/{name}/schema.yaml" in report.written
    read = read_baseline(tmp_path, name)
    assert read is not None
    assert set(read.tables) == {("public", "User"), ("public", "orders"), ("public", "spent")}
    assert json.loads(report.to_json())["verdict"] == "ok"


def test_an_unchanged_database_gives_the_same_files_byte_for_byte(
    run: Callable[..., BaselineReport], tmp_path: Path
) -> None:
    run()
    first = contents(tmp_path)
    for path in list(tmp_path.rglob("*.yaml")):
        path.unlink()
    run()
    assert contents(tmp_path) == first


def test_a_second_run_has_nothing_to_say_and_writes_nothing(run: Callable[..., BaselineReport], tmp_path: Path) -> None:
    run()
    before = contents(tmp_path)
    report = run()
    assert (report.verdict, report.written, report.diff, report.differences) == (Verdict.OK, (), "", ())
    assert run(accept=True).written == ()
    assert contents(tmp_path) == before


def test_the_starter_suite_asks_what_the_catalog_states_and_the_rows_obey(
    run: Callable[..., BaselineReport], tmp_path: Path
) -> None:
    run()
    orders = suite(tmp_path, "orders")
    assert orders["row_count_to_be_at_least"] == [{"min_value": 50}]
    assert orders["rows_to_be_unique"] == [
        {"columns": ["id"]},
        {"columns": ["userId"], "where": "(size = 'large'::public.size)"},
    ]
    assert orders["rows_to_have_parent"] == [{"columns": ["userId"], "parent": "public.User", "parent_columns": ["id"]}]
    conditions = {rule["condition"] for rule in orders["rows_to_satisfy"]}
    assert conditions == {
        '"size" IS NOT NULL',
        '"amount" IS NOT NULL',
        '"amount" IS NULL OR "amount" >= 0',
        '"id" >= 0',
        '"at" IS NOT NULL',
        '"at" IS NULL OR "at" <= now() + interval \'5 minutes\'',
        '"data" IS NOT NULL',
    }
    assert orders["jsonb_to_have_shape"] == [
        {"column": "data", "is": "object", "nullable": True},
        {"column": "list", "is": "array", "nullable": False},
    ]
    assert suite(tmp_path, "User")["newest_row_within"] == [{"column": "createdAt", "max_age": "2d"}]
    assert "newest_row_within" not in orders


def test_no_value_of_a_row_is_in_the_files(run: Callable[..., BaselineReport], tmp_path: Path) -> None:
    run()
    everything = b"".join(contents(tmp_path).values())
    assert b"secret" not in everything
    assert b"@x" not in everything


def test_every_condition_that_is_suggested_holds(run: Callable[..., BaselineReport], shop: str, tmp_path: Path) -> None:
    run()
    with reading(DatabaseAddress.from_url(shop), timeout_ms=60_000) as session:
        for path in tmp_path.rglob("*.yaml"):
            document = yaml.safe_load(path.read_text())
            for rule in document.get("expectations", ()):
                if condition := rule["kwargs"].get("condition"):
                    table = in_sql(*read_table_name(document["table"]))
                    query = f"SELECT count(*) FROM {table} WHERE ({condition}) IS NOT TRUE"  # noqa: S608
                    assert session.execute(text(query)).scalar_one() == 0


def test_a_changed_schema_is_shown_and_no_file_is_touched(
    run: Callable[..., BaselineReport], shop: str, tmp_path: Path
) -> None:
    run()
    before = contents(tmp_path)
    execute(shop, 'ALTER TABLE "User" ADD nick text', "DROP INDEX one_large")
    report = run()
    assert report.verdict is Verdict.WARNING
    assert report.differences == (
        "the index public.orders.one_large is missing",
        "the column public.User.nick (text) is not in the baseline",
    )
    assert "+      nick: text\n" in report.diff
    assert report.markdown().count("```diff") == 1
    assert contents(tmp_path) == before


def test_accepting_takes_the_schema_over_and_keeps_what_was_written_by_hand(
    run: Callable[..., BaselineReport], shop: str, tmp_path: Path
) -> None:
    run()
    (schema,) = tmp_path.rglob("schema.yaml")
    by_hand = schema.read_text().replace("optional: []", "optional: [public.spent]    # not everywhere")
    by_hand = by_hand.replace("      email: text", "      # where bills go\n      email: text")
    schema.write_text(by_hand)
    execute(shop, 'ALTER TABLE "User" ADD nick text', "DROP VIEW spent")
    report = run(accept=True)
    assert (report.verdict, report.accepted) == (Verdict.OK, True)
    assert [Path(path).name for path in report.written] == ["schema.yaml"]
    expected = "      createdAt: timestamp(3) without time zone NOT NULL\n"
    assert schema.read_text() == by_hand.replace(expected, f"{expected}      nick: text\n")
    assert run().verdict is Verdict.OK


def test_a_suite_is_written_only_for_a_table_that_has_none(
    run: Callable[..., BaselineReport], shop: str, tmp_path: Path
) -> None:
    run()
    (orders,) = tmp_path.rglob("orders.yaml")
    renamed = orders.with_name("what people buy.yaml")
    orders.rename(renamed)
    renamed.write_text("table: public.orders\nexpectations: []\n")
    execute(shop, "CREATE SCHEMA crm", "CREATE TABLE crm.deal (id int PRIMARY KEY)")
    before = contents(tmp_path)
    report = run()
    assert [Path(path).name for path in report.written] == ["crm.deal.yaml"]
    now = contents(tmp_path)
    assert {name: now[name] for name in before} == before


def test_a_suite_that_cannot_be_read_is_named_and_not_written_beside(
    run: Callable[..., BaselineReport], tmp_path: Path
) -> None:
    run()
    (orders,) = tmp_path.rglob("orders.yaml")
    orders.write_text("table: public.orders\n\texpectations: []\n")
    report = run()
    assert report.written == ()
    assert report.verdict is Verdict.WARNING
    assert f"{report.folder}/orders.yaml:2: a tab indents this line" in report.faults[0]


def test_what_is_broken_or_doubtful_is_named_and_a_failed_build_never_becomes_the_baseline(
    run: Callable[..., BaselineReport], shop: str, tmp_path: Path
) -> None:
    execute(
        shop,
        "ALTER TABLE orders ADD CONSTRAINT is_small CHECK (size <> 'large') NOT VALID",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'one_large'::regclass",
    )
    report = run()
    assert len(report.notes) == 2
    assert "one_large is INVALID" in report.notes[0]
    assert "is_small is NOT VALID: older rows may break it; the baseline takes that as intended" in report.notes[1]
    kept = read_baseline(tmp_path, report.target)
    assert kept is not None
    told = schema_differences(kept, read_schema(DatabaseAddress.from_url(shop)), CheckOptions())
    assert [result.rule_id for result in told] == ["invalid_index:public.orders.one_large"]


def test_an_empty_database_gets_a_baseline_too(empty_database: str, tmp_path: Path) -> None:
    address = DatabaseAddress.from_url(empty_database)
    report = baseline(target("vault"), address, tmp_path, clock=Clock(NOW))
    assert [Path(path).name for path in report.written] == ["schema.yaml"]
    assert baseline(target("vault"), address, tmp_path, clock=Clock(NOW)).verdict is Verdict.OK


def test_a_folder_that_cannot_be_written_says_so_before_rows_are_read(
    run: Callable[..., BaselineReport], tmp_path: Path
) -> None:
    (tmp_path / "expectations").symlink_to("/proc/nowhere")
    with pytest.raises(InvalidRequest, match="cannot be written"):
        run()


def test_a_role_that_may_read_no_table_gets_a_baseline_from_the_catalog(
    postgres_server: EmbeddedPostgres, shop: str, tmp_path: Path
) -> None:
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("CREATE ROLE baseline_reader LOGIN PASSWORD 'x'")
    try:
        address = DatabaseAddress.from_url(shop)
        poor = DatabaseAddress(address.database, address.host, address.port, "baseline_reader", "x")
        report = baseline(target("vault"), poor, tmp_path, clock=Clock(NOW))
        read = read_baseline(tmp_path, report.target)
        assert read is not None
        assert read.tables == read_schema(address).tables
        assert "rows_to_satisfy" not in suite(tmp_path, "orders")
        assert "The rows could not be read" in next(tmp_path.rglob("orders.yaml")).read_text()
        read_exhaustion(poor)
    finally:
        with psycopg.connect(shop, autocommit=True) as connection:
            connection.execute("DROP ROLE baseline_reader")


def test_the_trap_database_can_be_onboarded_and_is_its_baseline(trap_database: str, tmp_path: Path) -> None:
    address = DatabaseAddress.from_url(trap_database)
    first = baseline(target("vault"), address, tmp_path, clock=Clock(NOW))
    again = baseline(target("vault"), address, tmp_path, clock=Clock(NOW))
    assert first.verdict is Verdict.OK
    assert (again.verdict, again.written, again.faults) == (Verdict.OK, (), ())
    kept = read_baseline(tmp_path, first.target)
    assert kept is not None
    assert schema_differences(kept, read_schema(address), CheckOptions()) == []


def test_a_server_that_is_gone_is_a_database_error(tmp_path: Path) -> None:
    nowhere = DatabaseAddress("shop", "127.0.0.1", 1, "dba", "x")
    with pytest.raises(DatabaseError):
        baseline(target("vault"), nowhere, tmp_path, clock=Clock(NOW))
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_near_the_end_of_its_column_is_found_and_a_fresh_database_is_silent(shop: str) -> None:
    address = DatabaseAddress.from_url(shop)
    assert exhaustion(*read_exhaustion(address), CheckOptions()) == []
    execute(
        shop,
        "SELECT setval('orders_id_seq', 2000000000)",
        "CREATE SEQUENCE wide",
        "CREATE TABLE narrow (id smallint DEFAULT nextval('wide'), other bigint GENERATED ALWAYS AS IDENTITY)",
        "SELECT setval('wide', 26000)",
    )
    told = exhaustion(*read_exhaustion(address), CheckOptions())
    assert [(one.rule_id, one.severity) for one in told] == [
        ("sequence_near_end:public.orders_id_seq", "error"),
        ("sequence_near_end:public.wide", "warning"),
    ]
    assert "smallint column public.narrow.id" in told[1].sentence
