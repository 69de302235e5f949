"""The rules of the reference application: each is true of the generated sample, and notices what breaks it."""

# ruff: noqa: S608 - the rules are SQL, and so are the questions about them
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import signatures
from dbops.domain.schema.differences import schema_differences
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import in_sql, quoted, read_table_name
from dbops.gateways.files.baseline_files import read_baseline_file, tables_with_suites
from dbops.gateways.files.baseline_text import rendered
from dbops.gateways.schema.schema_reader import read_schema
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate

INCLUDE = Path(__file__).parents[2] / "include"
FOLDER = INCLUDE / "expectations/summary_app"
CHECKS = INCLUDE / "sql/summary_app/checks"
SUITES = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yaml") if path.name != "schema.yaml"}
RULES = {
    f"{name}: {rule['meta']['description']} ({number})": (suite["table"], rule)
    for name, suite in sorted(SUITES.items())
    for number, rule in enumerate(suite["expectations"], 1)
}
STOCK = {"expect_column_value_lengths_to_be_between": "length({column}) BETWEEN {min_value} AND {max_value}"}
MAX_AGE = {"3d": "3 days"}

# What breaks a rule that no constraint guards; the rule, by a part of its description, that has to notice.
BREAKS = {
    "an id is a cuid": """UPDATE "Tag" SET id = upper(id)""",
    "a video's id is the platform's": """UPDATE "UsageEvent" SET "videoId" = left("videoId", 10) || '+'""",
    "a slug cannot be guessed": """UPDATE "ShareLink" SET slug = 's' || slug""",
    "an e-mail address can be one": """UPDATE "User" SET email = replace(email, '@', ' at ')""",
    "nobody gets more than ten": """UPDATE "User" SET "monthlyLimit" = 11 WHERE plan = 'FREE'""",
    "no smaller than what the plan": """UPDATE "User" SET "monthlyLimit" = 9 WHERE plan = 'PRO'""",
    "is a customer of Stripe": """UPDATE "User" SET "stripeCustomerId" = NULL""",
    "the settings page": """UPDATE "User" SET preferences = preferences - 'theme'""",
    "nothing happens to a user": """UPDATE "User" SET "lastSeenAt" = "createdAt" - interval '1 second'""",
    "every key point": """UPDATE "Summary" SET "keyPoints" = "keyPoints" #- '{0,title}'""",
    "every quote": """UPDATE "Summary" SET quotes = jsonb_set(quotes, '{0,seconds}', '"7"') WHERE quotes <> '[]'""",
    "every timestamp": """UPDATE "Summary" SET timestamps = '{}'""",
    "what made a summary": """UPDATE "Summary" SET metadata = metadata - 'cost'""",
    "tokens and cost": """UPDATE "Summary" SET metadata = jsonb_set(metadata, '{tokens,input}', '-1')""",
    "within its video": """UPDATE "Summary" SET "durationSeconds" = 1""",
    "completed says when": """UPDATE "Summary" SET "completedAt" = NULL""",
    "completed has a text": """UPDATE "Summary" SET content = ''""",
    "failed says why": """UPDATE "Summary" SET "errorMessage" = NULL""",
    "completed has key points": """UPDATE "Summary" SET "keyPoints" = '[]'""",
    "a probability": """UPDATE "Summary" SET confidence = confidence + 1""",
    "no topic is blank": """UPDATE "Summary" SET topics = topics || ''::text""",
    "within a summary's life": """UPDATE "Summary" SET "completedAt" = "createdAt" - interval '1 second'""",
    "no time lies in the future": """UPDATE "Summary" SET "updatedAt" = now() + interval '2 days'""",
    "a link ends after": """UPDATE "ShareLink" SET "expiresAt" = "createdAt\"""",
    "of whoever made the link": """UPDATE "Summary" SET status = 'FAILED'""",
    "nothing else has": """UPDATE "UsageEvent" SET tokens = 5""",
    "where a request came from": """UPDATE "UsageEvent" SET metadata = '[]'""",
    "than the limit allows": """UPDATE "User" SET "monthlyLimit" = 0""",
    "completed this month was counted": """DELETE FROM "UsageEvent" WHERE type = 'SUMMARY_CREATED'""",
    "a colour can be shown": """UPDATE "Category" SET color = 'red'""",
    "what is completed is at its end": 'UPDATE "Progress" SET percent = 50',
}


@pytest.fixture(scope="module")
def sample(postgres_server: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A session of a database that was filled just now; what a test changes is undone."""
    name = "reference_expectations"
    postgres_server.create_database(name)
    url = postgres_server.url(name)
    create(url)
    generate(url, 0.1)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        yield connection
    postgres_server.drop_database(name)


def broken_rows(table: str, rule: dict[str, Any]) -> str:
    """A query that counts what breaks a rule, told from its words alone."""
    source, kwargs = in_sql(*read_table_name(table)), rule["kwargs"]
    match rule["type"].removeprefix("expect_"):
        case "rows_to_satisfy":
            wrong = f"FROM {source} WHERE ({kwargs['condition']}) IS NOT TRUE"
        case "jsonb_to_have_shape":
            wrong = f"FROM {source} WHERE ({shape(**kwargs)}) IS NOT TRUE"
        case "newest_row_within":
            age = f"(now() AT TIME ZONE 'UTC') - max({quoted(kwargs['column'])})"
            wrong = f"FROM (SELECT {age} AS age FROM {source}) AS a WHERE age > '{MAX_AGE[kwargs['max_age']]}'"
        case "row_count_to_be_at_least":
            wrong = f"FROM (SELECT count(*) AS n FROM {source}) AS c WHERE n < {kwargs['min_value']}"
        case "rows_to_be_unique":
            columns = ", ".join(map(quoted, kwargs["columns"]))
            present = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in kwargs["columns"])
            groups = f"SELECT FROM {source} WHERE {present} GROUP BY {columns} HAVING count(*) > 1"
            wrong = f"FROM ({groups}) AS doubled"
        case "rows_to_have_parent":
            parent = in_sql(*read_table_name(kwargs["parent"]))
            pairs = zip(kwargs["columns"], kwargs["parent_columns"], strict=True)
            same = " AND ".join(f"p.{quoted(theirs)} = c.{quoted(ours)}" for ours, theirs in pairs)
            wrong = f"FROM {source} AS c WHERE NOT EXISTS (SELECT FROM {parent} AS p WHERE {same})"
        case "query_to_return_no_rows":
            wrong = f"FROM ({(CHECKS / kwargs['file']).read_text()}) AS q"
        case _:
            wrong = f"FROM {source} WHERE ({STOCK[rule['type']].format(**kwargs)}) IS NOT TRUE"
    return f"SELECT count(*) {wrong}"


def shape(column: str, required: dict[str, str], nullable: bool = False, **more: str) -> str:
    wanted = " && ".join(["true", *(f'@.{json.dumps(key)}.type() == "{kind}"' for key, kind in required.items())][1:])
    if more["is"] == "object":
        return f"jsonb_typeof({quoted(column)}) = 'object' AND {quoted(column)} @? '$ ? ({wanted})'"
    elements = (
        f"(SELECT count(*) FROM jsonb_array_elements({quoted(column)}) AS e WHERE (e @? '$ ? ({wanted})') IS NOT TRUE)"
    )
    return f"CASE WHEN jsonb_typeof({quoted(column)}) = 'array' THEN {elements} = 0 ELSE false END"


def count(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_there_are_about_as_many_rules_as_it_takes() -> None:
    assert len(RULES) >= 70
    assert len(SUITES) == 9


@pytest.mark.parametrize("name", RULES)
def test_the_sample_obeys(name: str, sample: psycopg.Connection[Any]) -> None:
    assert count(sample, broken_rows(*RULES[name])) == 0


@pytest.mark.parametrize("words", BREAKS)
def test_it_is_noticed_that(words: str, sample: psycopg.Connection[Any]) -> None:
    asked = [broken_rows(*rule) for name, rule in RULES.items() if words in name]
    assert asked
    with sample.transaction(force_rollback=True):
        sample.execute(BREAKS[words].encode())
        assert any(count(sample, query) for query in asked)


def test_the_baseline_is_the_schema_of_the_migration(
    sample: psycopg.Connection[Any], postgres_server: EmbeddedPostgres
) -> None:
    file = read_baseline_file(INCLUDE, "summary_app")
    assert file is not None
    live = read_schema(DatabaseAddress.from_url(postgres_server.url("reference_expectations")))
    assert signatures(file.baseline) == signatures(live)
    told = schema_differences(file.baseline, live, CheckOptions())
    assert [(one.severity, one.subject) for one in told] == [
        ("warning", "public.Summary.Summary_userId_createdAt_idx"),
        ("warning", "public.UsageEvent.UsageEvent_userId_createdAt_idx"),
    ]
    assert rendered("summary_app", file.baseline, file.text) == file.text


def test_the_recommended_indexes_are_silent_once_their_sql_was_run(empty_database: str) -> None:
    create(empty_database)
    file = read_baseline_file(INCLUDE, "summary_app")
    assert file is not None
    address = DatabaseAddress.from_url(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        for one in schema_differences(file.baseline, read_schema(address), CheckOptions()):
            connection.execute(one.sql.encode())
    assert schema_differences(file.baseline, read_schema(address), CheckOptions()) == []


def test_a_database_without_progress_is_healthy(empty_database: str) -> None:
    create(empty_database)
    file = read_baseline_file(INCLUDE, "summary_app")
    assert file is not None
    with psycopg.connect(empty_database) as connection:
        connection.execute('DROP TABLE "Progress"')
    told = schema_differences(file.baseline, read_schema(DatabaseAddress.from_url(empty_database)), CheckOptions())
    assert {one.rule_id.split(":")[0] for one in told} == {"recommended_index"}


def test_every_table_has_a_suite() -> None:
    file = read_baseline_file(INCLUDE, "summary_app")
    suites, faults = tables_with_suites(INCLUDE, "summary_app")
    assert file is not None
    assert (suites, faults) == (frozenset(file.baseline.tables), ())
