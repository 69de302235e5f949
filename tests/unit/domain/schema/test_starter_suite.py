"""Promises of the starter suite of a table. That its rules hold is tried on a real server."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.schema.baseline import Table
from dbops.domain.schema.starter_suite import Answers, Key, candidates, starter_suite, suite_file_name

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
    """The suite of TABLE where these are the candidates that hold, read back."""
    asked = candidates(TABLE)
    answers = Answers(rows, tuple(one.about in holding for one in asked))
    document = yaml.safe_load(starter_suite(NAME, KEYS, asked, answers))
    assert isinstance(document, dict)
    return document


def rules(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(rule["type"].removeprefix("expect_"), rule["kwargs"]) for rule in document["expectations"]]


def test_what_the_catalog_states_is_always_a_rule() -> None:
    document = yaml.safe_load(starter_suite(NAME, KEYS, candidates(TABLE), None))
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
    assert {candidate.about for candidate in candidates(TABLE)} == {
        "amount null", "amount range", "createdAt future", "createdAt recency", "expiresAt null", "data shape",
        "tags null",
    }  # fmt: skip


def holding(column: str, declared: str) -> dict[str, list[str]]:
    """What has to be true of the rows, by what is asked of a column of that name and type."""
    found: dict[str, list[str]] = {}
    for candidate in candidates(Table(columns={column: declared})):
        found.setdefault(candidate.about.removeprefix(f"{column} "), []).append(candidate.holds)
    return found


def test_each_question_is_true_only_of_rows_that_all_obey_and_a_null_obeys_where_it_may_stand() -> None:
    assert holding("n", "integer NOT NULL") == {"range": ['count(*) FILTER (WHERE ("n" >= 0) IS NOT TRUE) = 0']}
    assert holding("n", "integer") == {
        "null": ['count(*) FILTER (WHERE ("n" IS NOT NULL) IS NOT TRUE) = 0'],
        "range": ['count(*) FILTER (WHERE ("n" IS NULL OR "n" >= 0) IS NOT TRUE) = 0'],
    }
    assert holding("j", "jsonb NOT NULL") == {
        "shape": [
            f'count(*) FILTER (WHERE jsonb_typeof("j") <> \'{shape}\') = 0 AND count("j") > 0'
            for shape in ("object", "array")
        ]
    }


@pytest.mark.parametrize(
    ("declared", "soon"),
    [
        ("date NOT NULL", "current_date + 1"),
        ("timestamp with time zone NOT NULL", "now() + interval '5 minutes'"),
        ("timestamp(3) without time zone NOT NULL", "(now() AT TIME ZONE 'UTC') + interval '5 minutes'"),
    ],
)
def test_the_future_begins_five_minutes_from_now_or_tomorrow(declared: str, soon: str) -> None:
    assert holding("seen", declared) == {"future": [f'count(*) FILTER (WHERE ("seen" <= {soon}) IS NOT TRUE) = 0']}


@pytest.mark.parametrize(
    ("declared", "now"),
    [
        ("timestamp with time zone NOT NULL", "now()"),
        ("timestamp(3) without time zone NOT NULL", "(now() AT TIME ZONE 'UTC')"),
    ],
)
def test_new_rows_are_promised_for_twice_as_long_as_there_are_some_now(declared: str, now: str) -> None:
    assert holding("createdAt", declared)["recency"] == [
        f"coalesce(max(\"createdAt\") > {now} - interval '{hours} hours', false)" for hours in (24, 84, 360, 1080)
    ]
    ages = [one.rule.kwargs["max_age"] for one in candidates(Table(columns={"createdAt": declared}))[1:]]
    assert ages == ["2d", "7d", "30d", "90d"]


@pytest.mark.parametrize("name", ["created", "created_at", "insertedOn", "received_time", "logged_on"])
def test_a_column_that_says_when_a_row_came_is_asked_for_new_rows(name: str) -> None:
    assert "recency" in holding(name, "date NOT NULL")


@pytest.mark.parametrize("name", ["creator", "created_by", "recreated", "updatedAt", "created_at_all"])
def test_any_other_column_is_not(name: str) -> None:
    assert "recency" not in holding(name, "date NOT NULL")


@pytest.mark.parametrize("name", ["expiresAt", "validUntil", "due", "next_run", "trialEnds", "valid_to", "starts"])
def test_what_may_lie_in_the_future_is_not_asked_whether_it_does(name: str) -> None:
    assert holding(name, "timestamp with time zone NOT NULL") == {}


@pytest.mark.parametrize(
    "declared", ["integer[] NOT NULL", "text NOT NULL", "json NOT NULL", "interval NOT NULL", "timestamp[] NOT NULL"]
)
def test_of_a_type_that_nobody_has_thought_of_nothing_is_asked(declared: str) -> None:
    assert holding("a", declared) == {}


def test_of_a_table_of_many_columns_no_more_is_asked_than_one_statement_may_ask() -> None:
    assert len(candidates(Table(columns={f"c{number}": "integer" for number in range(1600)}))) == 1000


def test_a_rule_says_what_it_is_for_and_only_the_first_of_its_kind_has_the_remark() -> None:
    asked = candidates(TABLE)
    text = starter_suite(NAME, KEYS, asked, Answers(100, tuple(True for _ in asked)))
    assert text.splitlines()[:2] == [
        "# Rules for public.Order: what its catalog states, and its rows obeyed when this was written.",
        "# Yours to edit: nothing overwrites this file. docs/expectations.md says what else can be asked.",
    ]
    lines = text.splitlines()
    remarks = [
        (line.removeprefix("  # "), lines[number + 3].strip())
        for number, line in enumerate(lines)
        if line.startswith("  #")
    ]
    assert remarks == [
        (
            "Half of the rows there were: fewer means that some were lost.",
            "meta: {description: the table has not lost its rows}",
        ),
        (
            "Nothing in the schema enforces these: strike out what holds by chance only.",
            "meta: {description: 'amount is always given, though the schema does not ask for it'}",
        ),
        (
            "The catalog proves these nightly; on checks.full_on the rows are read all the same.",
            "meta: {description: id occurs once}",
        ),
    ]
    document = yaml.safe_load(text)
    assert "optional" not in document
    assert ("jsonb_to_have_shape", {"column": "data", "is": "object", "nullable": False}) in rules(document)
    said = [rule["meta"]["description"] for rule in document["expectations"]]
    assert said == [
        "the table has not lost its rows",
        "amount is always given, though the schema does not ask for it",
        "amount is not negative",
        "createdAt does not lie in the future",
        "new rows keep coming",
        "expiresAt is always given, though the schema does not ask for it",
        "data is an object",
        "tags is always given, though the schema does not ask for it",
        "id occurs once",
        "a, b occurs once",
        "user leads to a row of Us.er",
    ]


@pytest.mark.parametrize(
    ("rows", "floor"), [(1, 1), (3, 1), (199, 99), (200, 100), (2_000, 1_000), (2_199, 1_000), (2_200, 1_100)]
)
def test_a_floor_keeps_two_figures(rows: int, floor: int) -> None:
    assert rules(written(rows))[0] == ("row_count_to_be_at_least", {"min_value": floor})


@pytest.mark.parametrize("name", ["no", "Yes", "NULL", "n", "on", " a", "a ", "1a", "a: b", "a#b", "ü", "a'b", "a\nb"])
def test_a_name_that_yaml_would_read_as_something_else_is_in_quotes(name: str) -> None:
    document = yaml.safe_load(starter_suite(("public", "t"), [Key((name,))], (), None))
    assert rules(document) == [("rows_to_be_unique", {"columns": [name]})]


def test_of_several_ages_the_youngest_that_holds_is_the_rule() -> None:
    recency = [rule for rule in rules(written(100, "createdAt recency")) if rule[0] == "newest_row_within"]
    assert recency == [("newest_row_within", {"column": "createdAt", "max_age": "2d"})]


def test_a_suite_says_where_only_a_sample_or_nothing_was_read() -> None:
    asked = candidates(TABLE)
    sampled = starter_suite(NAME, [], asked, Answers(10**9, tuple(False for _ in asked), exact=False))
    assert sampled.splitlines()[2] == (
        "# The rows were too many to read all of them: what is said of them was seen in a sample."
    )
    assert starter_suite(NAME, [], asked, None).splitlines()[2] == (
        "# The rows could not be read within the time for it, so only the catalog was asked."
    )
    assert yaml.safe_load(starter_suite(NAME, [], asked, None))["expectations"] == []


def test_a_table_that_may_be_absent_says_so() -> None:
    assert yaml.safe_load(starter_suite(NAME, [], (), None, optional=True))["optional"] is True


@given(TEXTS, TEXTS, TEXTS)
def test_whatever_a_table_and_its_columns_are_called_the_suite_can_be_read(schema: str, name: str, column: str) -> None:
    table = Table(columns={column: "integer"})
    asked = candidates(table)
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
    assert suite_file_name(("public", "a b/c"), ()) == "a_b_c.yaml"
    assert suite_file_name(("public", "..hidden.."), ()) == "hidden...yaml"
    assert suite_file_name(("public", "X.X"), ()) == "X.X.yaml"
    assert suite_file_name(("public", "..."), ()) == "table.yaml"
    assert suite_file_name(("public", "a" * 101), ()) == f"{'a' * 100}.yaml"


def test_a_table_of_which_other_questions_were_answered_has_no_suite() -> None:
    with pytest.raises(ValueError, match="argument"):
        starter_suite(NAME, [], candidates(TABLE), Answers(100, (True,)))


def test_what_nobody_can_see_in_a_name_is_written_out_and_the_rest_of_it_is_not() -> None:
    text = starter_suite(("public", 'a\n"X\\ü'), [], (), None)
    assert (
        text.splitlines()[3] == 'table: "public.\\U00000022a\\U0000000a\\U00000022\\U00000022X\\U0000005cü\\U00000022"'
    )


@pytest.mark.parametrize(("declared", "nullable"), [("jsonb", "true"), ("jsonb NOT NULL", "false")])
def test_whether_a_document_may_be_missing_is_yes_or_no(declared: str, nullable: str) -> None:
    asked = candidates(Table(columns={"data": declared}))
    text = starter_suite(NAME, [], asked, Answers(20, tuple(True for _ in asked)))
    assert f"    kwargs: {{column: data, is: object, nullable: {nullable}}}" in text.splitlines()
