"""Promise: a condition is understood as it is meant, or left out."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbops.domain.query_plan.conditions import Condition, KeyColumn, read_conditions, read_sort_key


def read(text: str, alias: str = "s") -> list[tuple[str, str]]:
    return [(one.column, one.kind) for one in read_conditions([text], alias)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(s.\"userId\" = '…'::text)", [("userId", "equality")]),
        (
            '((s."userId" = \'…\'::text) AND (s.type = \'…\'::"UsageType") AND (s."createdAt" >= now()))',
            [("userId", "equality"), ("type", "equality"), ("createdAt", "range")],
        ),
        ("((s.a = $0) AND ((s.b < …) AND (s.c = u.id)))", [("a", "equality"), ("b", "range"), ("c", "equality")]),
        ("(… < s.n)", [("n", "range")]),
        ('(u.id = s."userId")', [("userId", "equality")]),
        ("(s.id = ANY ('…'::text[]))", [("id", "list")]),
        ("(s.n = (InitPlan 1).col1)", [("n", "equality")]),
        ('s."isFavorite"', [("isFavorite", "equality")]),
        ('(NOT s."isFavorite")', [("isFavorite", "equality")]),
        ('(s."deletedAt" IS NULL)', [("deletedAt", "equality")]),
        ('(s."deletedAt" IS NOT NULL)', []),
        ("((s.a = …) OR (s.b = …))", []),
        ("((s.a = …) AND ((s.b = …) OR (s.c = …)))", [("a", "equality")]),
        ("(s.a <> …)", []),
        ("(s.a ~~ '…'::text)", []),
        ("(lower(s.a) = '…'::text)", []),
        ("(s.a = s.b)", []),
        ("(s.a = lower(s.b))", []),
        ("(s.a <> ALL ('…'::text[]))", []),
        ("(s.a = ALL ('…'::text[]))", []),
        ("((s.a = …) AND (s.a = …))", [("a", "equality")]),
        ("((s.a >= …) AND (s.a < …))", [("a", "range")]),
        ("((s.a > …) AND (s.b <= …))", [("a", "range"), ("b", "range")]),
        (
            "((s.a = …) AND (NOT s.b) AND (s.c IS NULL) AND (NOT (s.d = …)))",
            [("a", "equality"), ("b", "equality"), ("c", "equality")],
        ),
        ("(s.a::text = '…'::text)", []),
        ("(s.a = (u.b + u.c))", [("a", "equality")]),
        ("(s.a = (u.b + s.c))", []),
        ("((s.a + 1) = …)", []),
        ("(s.a = …) IS TRUE", []),
        ("(s.a IS DISTINCT FROM …)", []),
        ("(… = s.a)", [("a", "equality")]),
        ("(… = ANY (s.a))", []),
        ("(s.a[1] = …)", []),
        ("(x.s.a = …)", []),
        ("(s OR a)", []),
        ("(s + a)", []),
        ("(s.a OR (s.b = …))", []),
        ("((s.a IS NULL) OR (s.b = …))", []),
        ("(NOT (s.a IS NULL))", []),
        ("((s.a IS NULL) = s.b)", []),
        ("(s.a < ANY ('…'::integer[]))", []),
        ("(s.a = (SubPlan 1))", []),
        ("(ANY (s.a = (hashed SubPlan 1).col1))", []),
        ("(ROW(s.a, s.b) > ROW(…, …))", []),
        ("(u.a = …)", []),
        ('(s."a""b AND c" = \'…\'::text)', [('a"b AND c', "equality")]),
        ("", []),
    ],
)
def test_a_condition_is_understood_or_left_out(text: str, found: list[tuple[str, str]]) -> None:
    assert read(text) == found


def test_an_alias_with_odd_signs_is_known() -> None:
    assert read('("S ""1".a = …)', 'S "1') == [("a", "equality")]


def test_a_cast_column_says_to_what() -> None:
    assert read_conditions(["((s.name)::text = '…'::text)"], "s") == [Condition("name", "equality", "text")]
    assert read_conditions(["(s.flag)::boolean"], "s") == [Condition("flag", "equality", "boolean")]
    assert read_conditions(["(s.name = '…'::text)"], "s") == [Condition("name", "equality")]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("s.a", KeyColumn("a")),
        ('s."createdAt" DESC', KeyColumn("createdAt", descending=True, nulls_first=True)),
        ("s.a DESC NULLS LAST", KeyColumn("a", descending=True)),
        ("s.a NULLS FIRST", KeyColumn("a", nulls_first=True)),
        ("s.a DESC NULLS FIRST", KeyColumn("a", descending=True, nulls_first=True)),
        ("s.a NULLS LAST", KeyColumn("a")),
    ],
)
def test_a_sort_key_is_a_column_with_its_direction(text: str, column: KeyColumn) -> None:
    assert read_sort_key(text) == ("s", column)


@pytest.mark.parametrize(
    "text", ["(count(*)) DESC", "lower(s.a)", 's.a COLLATE "C"', "s.a USING ~<~", "a", "(s.a)::text", ""]
)
def test_what_is_no_plain_column_is_no_sort_key(text: str) -> None:
    assert read_sort_key(text) is None


def test_a_key_column_is_written_as_people_write_it() -> None:
    assert str(KeyColumn("a")) == "a"
    assert str(KeyColumn("a", descending=True, nulls_first=True)) == "a DESC"
    assert str(KeyColumn("a", descending=True)) == "a DESC NULLS LAST"
    assert str(KeyColumn("a", nulls_first=True)) == "a NULLS FIRST"
    assert KeyColumn("a", descending=True, nulls_first=True).flipped == KeyColumn("a")
    assert KeyColumn("a").flipped == KeyColumn("a", descending=True, nulls_first=True)
    assert KeyColumn("a", nulls_first=True).flipped == KeyColumn("a", descending=True)


@example("s.a =", "s")
@given(st.text("()[] sa.=<>ANDOR'\"$1:…,"), st.text("sa"))
def test_nothing_that_may_be_written_breaks_the_reading(text: str, alias: str) -> None:
    read_conditions([text], alias)
    read_sort_key(text)
