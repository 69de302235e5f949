"""What a rule of ours asks is judged by one number, and no number is never a yes. Its SQL runs on a real server."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.checks.rule_sql import RuleQuery, query_of, sentence_of
from dbops.domain.checks.suite import Rule

ORDER = ("public", "order")


def asked(type_: str, **kwargs: Any) -> RuleQuery:
    return query_of(Rule(rule_id="r", type=type_, kwargs=kwargs), ORDER, {"a.sql": " SELECT 1 -- why\n"}.__getitem__)


@pytest.mark.parametrize(
    ("query", "number", "holds"),
    [
        (RuleQuery(sql="q"), 0, True),
        (RuleQuery(sql="q"), 1, False),
        (RuleQuery(sql="q"), None, False),
        (RuleQuery(sql="q", limit=60), 60, True),
        (RuleQuery(sql="q", limit=60), 60.5, False),
        (RuleQuery(sql="q", bound="at_least", limit=5), 5, True),
        (RuleQuery(sql="q", bound="at_least", limit=5), 4, False),
        (RuleQuery(sql="q", bound="at_least"), None, False),
    ],
)
def test_a_number_keeps_its_bound_or_not_and_no_number_does_not(
    query: RuleQuery, number: float | None, holds: bool
) -> None:
    assert query.holds(number) is holds


@pytest.mark.parametrize(
    ("query", "number", "sentence"),
    [
        (asked("expect_rows_to_satisfy", condition="a > 0"), 1, "1 row breaks it"),
        (asked("expect_rows_to_satisfy", condition="a > 0"), 1204, "1,204 rows break it"),
        (asked("expect_rows_to_satisfy", condition="a > 0"), None, "0 rows break it"),
        (asked("expect_row_count_to_be_at_least", min_value=1000), 12, "there are 12 rows, fewer than 1,000"),
        (asked("expect_row_count_to_be_at_least", min_value=1000), 1, "there is 1 row, fewer than 1,000"),
        (asked("expect_newest_row_within", column="at", max_age="1h"), None, "there is no row with a time at all"),
        (
            asked("expect_newest_row_within", column="at", max_age="1h"),
            7260,
            "the newest row is 2h 1m old, more than 1h",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_rule(query: RuleQuery, number: float | None, sentence: str) -> None:
    assert not query.holds(number)
    assert sentence_of(query, number) == sentence


def test_queries_of_all_rows_share_one_scan_and_the_others_do_not() -> None:
    scanned: dict[str, dict[str, Any]] = {
        "expect_rows_to_satisfy": {"condition": "a > 0"},
        "expect_jsonb_to_have_shape": {"column": "a", "is": "array"},
        "expect_newest_row_within": {"column": "at", "max_age": "1h"},
        "expect_row_count_to_be_at_least": {"min_value": 1},
    }
    alone: dict[str, dict[str, Any]] = {
        "expect_rows_to_be_unique": {"columns": ["a"]},
        "expect_rows_to_have_parent": {"columns": ["a"], "parent": "User", "parent_columns": ["id"]},
        "expect_query_to_return_no_rows": {"file": "a.sql"},
    }
    assert all(asked(type_, **kwargs).in_scan for type_, kwargs in scanned.items())
    assert not any(asked(type_, **kwargs).in_scan for type_, kwargs in alone.items())
    assert [type_ for type_, kwargs in alone.items() if asked(type_, **kwargs).of_query] == [
        "expect_query_to_return_no_rows"
    ]


def test_who_looks_gets_a_statement_that_is_whole() -> None:
    condition = asked("expect_rows_to_satisfy", condition="a > 0 -- not less")
    assert condition.show == 'SELECT * FROM "public"."order" WHERE (\na > 0 -- not less\n) IS NOT TRUE LIMIT 100;'
    assert asked("expect_query_to_return_no_rows", file="a.sql").show == "SELECT 1 -- why\n;"
    assert asked("expect_row_count_to_be_at_least", min_value=1).show == ""
    assert asked("expect_rows_to_be_unique", columns=["a", "B"], where="c").show.endswith(
        'ORDER BY "a", "B" LIMIT 100;'
    )
