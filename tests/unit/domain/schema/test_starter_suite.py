"""Promises of the starter suite of a table. That its rules hold is tried on a real server."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.schema.baseline import Table
from dbops.domain.schema.starter_suite import Answers, Key, questions, starter_suite, suite_file_name

NAME = ("public", "Order")
TABLE = Table(
    columns={
        "id": "text NOT NULL",
        "amount": "numeric(10,2)",
        "createdAt": "timestamp(3) without time zone NOT NULL",
        "expiresAt": "timestamp with time zone",
        "data": "jsonb NOT NULL",
        "tags": "integer[]",
    }
)
KEYS = [
    Key(("id",)),
    Key(("a", "b"), "(a > 0)"),
    Key(("user",), None, ("crm", "Us.er"), ("id",)),
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)


def written(rows: int = 4_321, *holding: str) -> dict[str, Any]:
    """The suite of TABLE where these are the questions that hold, read back."""
    asked = questions(TABLE)
    answers = Answers(rows, tuple(one.about in holding for one in asked))
    document = yaml.safe_load(starter_suite(NAME, KEYS, asked, answers))
    assert isinstance(document, dict)
    return document


def rules(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(rule["type"].removeprefix("expect_"), rule["kwargs"]) for rule in document["expectations"]]


def test_what_the_catalog_states_is_always_a_rule() -> None:
    document = yaml.safe_load(starter_suite(NAME, KEYS, questions(TABLE), None))
    assert document["table"] == "public.Order"
    assert rules(document) == [
        ("rows_to_be_unique", {"columns": ["id"]}),
        ("rows_to_be_unique", {"columns": ["a", "b"], "where": "(a > 0)"}),
        ("rows_to_have_parent", {"columns": ["user"], "parent": 'crm."Us.er"', "parent_columns": ["id"]}),
    ]


def test_the_floor_is_half_of_the_rows_in_round_numbers() -> None:
    assert rules(written(4_321))[0] == ("row_count_to_be_at_least", {"min_value": 2_100})
    assert rules(written(1))[0] == ("row_count_to_be_at_least", {"min_value": 1})
    assert "row_count_to_be_at_least" not in dict(rules(written(0)))


def test_only_what_the_rows_obey_becomes_a_rule() -> None:
    assert rules(written(100, "amount range"))[1:-3] == [
        ("rows_to_satisfy", {"condition": '"amount" IS NULL OR "amount" >= 0'})
    ]
    assert rules(written(100))[1:-3] == []


def test_twenty_rows_say_something() -> None:
    assert len(rules(written(19, "amount range"))) == 1 + len(KEYS)
    assert len(rules(written(20, "amount range"))) == 2 + len(KEYS)


def test_three_rows_prove_nothing() -> None:
    assert len(rules(written(3, "amount range", "amount null"))) == 1 + len(KEYS)


def test_a_column_is_asked_what_its_type_and_name_suggest() -> None:
    assert {question.about for question in questions(TABLE)} == {
        "amount null", "amount range", "createdAt future", "createdAt recency", "expiresAt null", "data shape",
        "tags null",
    }  # fmt: skip


def test_of_several_ages_the_youngest_that_holds_is_the_rule() -> None:
    recency = [rule for rule in rules(written(100, "createdAt recency")) if rule[0] == "newest_row_within"]
    assert recency == [("newest_row_within", {"column": "createdAt", "max_age": "2d"})]


def test_a_suite_says_where_only_a_sample_or_nothing_was_read() -> None:
    asked = questions(TABLE)
    sampled = starter_suite(NAME, [], asked, Answers(10**9, tuple(False for _ in asked), exact=False))
    assert "# The rows were too many to read all of them" in sampled
    assert "# The rows could not be read" in starter_suite(NAME, [], asked, None)
    assert yaml.safe_load(starter_suite(NAME, [], asked, None))["expectations"] == []


def test_a_table_that_may_be_absent_says_so() -> None:
    assert yaml.safe_load(starter_suite(NAME, [], (), None, optional=True))["optional"] is True


@given(TEXTS, TEXTS, TEXTS)
def test_whatever_a_table_and_its_columns_are_called_the_suite_can_be_read(schema: str, name: str, column: str) -> None:
    table = Table(columns={column: "integer"})
    asked = questions(table)
    text = starter_suite((schema, name), [Key((column,), f"({column} > 0)")], asked, Answers(99, (True, True)))
    document = yaml.safe_load(text)
    assert document["expectations"][-1]["kwargs"] == {"columns": [column], "where": f"({column} > 0)"}
    assert document["expectations"][1]["kwargs"]["condition"].startswith('"')


@given(st.lists(st.tuples(st.sampled_from(["public", "crm"]), TEXTS), unique=True, max_size=6))
def test_every_table_has_a_file_of_its_own(tables: list[tuple[str, str]]) -> None:
    taken: set[str] = set()
    for table in tables:
        file = suite_file_name(table, taken)
        assert "/" not in file
        assert file[0] != "."
        assert file.casefold() not in {"schema.yaml", *(other.casefold() for other in taken)}
        taken.add(file)


def test_files_are_called_like_their_tables() -> None:
    assert suite_file_name(("public", "Summary"), ()) == "Summary.yaml"
    assert suite_file_name(("crm", "deal"), ()) == "crm.deal.yaml"
    assert suite_file_name(("public", "user"), {"User.yaml"}) == "user-2.yaml"
    assert suite_file_name(("public", "schema"), ()) == "schema-2.yaml"
