"""The probes of the reference application stand for all that its API lives from, and anybody can read them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from dbops.domain.probes import Probe
from dbops.domain.sql.statements import SqlStatement, statements
from dbops.gateways.files.probe_files import probes_folder, read_probes

INCLUDE = Path(__file__).parents[2] / "include"
FOLDER = probes_folder(INCLUDE, "summary_app")
PROBES = read_probes(INCLUDE, "summary_app")
MIGRATION = (INCLUDE / "sql/summary_app/migrations/0_init/migration.sql").read_text("utf-8")

each_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)


def texts(probe: Probe) -> list[SqlStatement]:
    """Every SQL text of a probe, taken apart."""
    return [
        one for text in [s.sql for s in probe.statements] + [d.query for d in probe.draws] for one in statements(text)
    ]


def words(one: SqlStatement) -> list[str]:
    return [token.text.lower() for token in one.tokens if token.kind == "word"]


def test_every_file_is_a_probe() -> None:
    assert [f"{probe.name}.sql" for probe in PROBES] == sorted(path.name for path in FOLDER.iterdir())


def test_each_model_has_the_operations_that_the_report_counts() -> None:
    assert Counter(probe.model for probe in PROBES) == {
        "User": 3,
        "Summary": 4,
        "UsageEvent": 3,
        "Category/Tag": 2,
        "ShareLink": 1,
        "pooling": 1,
        "transactions": 2,
    }


def test_rows_are_created_read_updated_and_deleted() -> None:
    verbs = {words(one)[0] for probe in PROBES for one in texts(probe)}

    assert verbs == {"insert", "select", "update", "delete"}


def test_ten_connections_at_once_are_one_of_them() -> None:
    assert [(probe.name, probe.connections) for probe in PROBES if probe.is_pool] == [("connection_pool", 10)]


def test_a_transaction_of_several_statements_is_one_of_them() -> None:
    assert {probe.name: len(probe.statements) for probe in PROBES if len(probe.statements) > 1} == {
        "transaction_create_summary": 4,
        "transaction_delete_summary": 2,
    }


@each_probe
def test_parameters_are_of_the_heavy_the_light_and_the_missing_where_there_are_any(probe: Probe) -> None:
    kinds = {draw.kind for draw in probe.draws}

    assert bool(kinds) == any(statement.parameters for statement in probe.statements)
    assert len(kinds) != 1


@each_probe
def test_the_same_database_always_gives_the_same_parameters(probe: Probe) -> None:
    for draw in probe.draws:
        (query,) = statements(draw.query)
        assert {"order", "generate_series"} & set(words(query))


@each_probe
def test_nothing_is_left_to_chance(probe: Probe) -> None:
    chance = {"random", "gen_random_uuid", "uuid_generate_v4", "nextval", "clock_timestamp", "tablesample"}

    assert not chance & {word for one in texts(probe) for word in words(one)}


@each_probe
def test_every_table_and_column_is_one_of_the_schema(probe: Probe) -> None:
    """The names that Prisma writes with their schema: those of the tables, and of their columns."""
    tables = {
        name: set(re.findall(r'^    "(\w+)"', body, re.MULTILINE))
        for name, body in re.findall(r'CREATE TABLE "(\w+)" \((.*?)^\);', MIGRATION, re.MULTILINE | re.DOTALL)
    }
    text = (FOLDER / f"{probe.name}.sql").read_text("utf-8")

    for table, column in re.findall(r'"public"\."(\w+)"(?:\."(\w+)")?', text):
        if table in {"UsageType", "SummaryStatus"}:
            assert f'CREATE TYPE "{table}"' in MIGRATION
        else:
            assert not column or column in tables[table]


@each_probe
def test_a_file_can_be_read_on_a_screen(probe: Probe) -> None:
    lines = (FOLDER / f"{probe.name}.sql").read_text("utf-8").splitlines()

    assert max(map(len, lines)) <= 120
    assert all(line == line.rstrip() for line in lines)


def test_the_newest_summaries_and_the_counts_of_events_have_to_be_quick() -> None:
    budgets = {probe.name: probe.budget_ms for probe in PROBES}

    quick = ("summary_list_newest", "usage_event_count_this_month", "usage_event_group_by_type")
    assert [budgets[name] for name in quick] == [100, 100, 100]
