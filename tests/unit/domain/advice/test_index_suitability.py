"""Promise: no index is proposed that would be refused, or as large as its table, or one column longer than it helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dbops.domain.advice.index_proposals import propose, unsuited
from dbops.domain.query_plan import Plan
from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.servers.table_statistics import ColumnStatistics, TableStatistics
from tests.unit.domain.advice.test_index_proposals import first_of, scan
from tests.unit.plans import made

T = ("public", "t")
UNIQUE, HALF = ColumnStatistics(distinct=-1, width=8), ColumnStatistics(distinct=2, most_common=0.6, width=1)


def schema(type_: str = "jsonb", **more: Any) -> SchemaBaseline:
    columns = {"a": "integer NOT NULL", "b": "integer", "st": "integer", "deleted": "boolean", "doc": type_}
    return SchemaBaseline({T: Table(columns=columns, **more)})


def known(**columns: ColumnStatistics) -> Mapping[tuple[str, str], TableStatistics]:
    return {T: TableStatistics(rows=5000, changed=0, columns=columns)}


def proposed(*plans: Plan, live: SchemaBaseline | None = None, **statistics: ColumnStatistics) -> list[str]:
    asked = {f"p{number}": [plan] for number, plan in enumerate(plans)}
    found = propose(asked, live=live or schema(), statistics=known(**statistics))
    return [one.statement.partition(" ON ")[2] for one in found]


BY_DOC = made(scan("(t.doc = '{}'::jsonb)"))


@pytest.mark.parametrize(
    ("type_", "better"),
    [
        ("jsonb NOT NULL", "it is jsonb: see whether a GIN index finds what is asked for"),
        ("text[]", "it is text[]: see whether a GIN index finds what is asked for"),
        ("tsvector", "it is tsvector: see whether a GIN index finds what is asked for"),
        ("public.geometry(Point,4326)", "it is geometry: see whether a GiST index finds what is asked for"),
        ("json", "json has no order: see whether an index on the part of it that is asked for does"),
        ("xml", "xml has no order: see whether an index on the part of it that is asked for does"),
        ("bytea", "a value is long: index md5(doc), and ask for md5(doc) as well"),
    ],
)
def test_what_has_no_useful_order_gets_no_ordinary_index_and_it_is_said_what_helps(type_: str, better: str) -> None:
    live = schema(type_)

    assert proposed(BY_DOC, live=live) == []
    assert unsuited([BY_DOC], live=live) == (
        "The Seq Scan of public.t reads 5,000 rows to find 10 rows by doc. "
        f"An ordinary index on doc of public.t would not help, for {better}.",
    )


@pytest.mark.parametrize(("width", "asked"), [(249, ['"public"."t" ("doc")']), (250, [])])
@pytest.mark.parametrize("type_", ["text", "character varying(9000) NOT NULL"])
def test_long_texts_get_no_index(type_: str, width: int, asked: list[str]) -> None:
    wide = ColumnStatistics(distinct=-1, width=width)
    plan = made(scan("(t.doc = 'x'::text)"))

    assert proposed(plan, live=schema(type_), doc=wide) == asked
    told = unsuited([plan], live=schema(type_), statistics=known(doc=wide))
    assert len(told) == (not asked)
    assert all(
        one.endswith("for a value takes 250 bytes: index md5(doc), and ask for md5(doc) as well.") for one in told
    )


def test_the_other_columns_are_indexed_where_they_find_few_rows() -> None:
    both = made(scan("((t.a = 1) AND (t.doc = '{}'::jsonb))"))

    assert proposed(both, a=UNIQUE) == ['"public"."t" ("a")']
    assert unsuited([both], live=schema(), statistics=known(a=UNIQUE)) == ()
    assert proposed(both, a=HALF) == []
    assert len(unsuited([both], live=schema(), statistics=known(a=HALF))) == 1


def test_what_is_indexed_by_the_others_already_is_not_indexed_again() -> None:
    both = made(scan("((t.a = 1) AND (t.doc = '{}'::jsonb))"))
    live = schema(indexes={"i": "CREATE INDEX i ON public.t USING btree (a)"})

    assert proposed(both, live=live, a=UNIQUE) == []


def test_what_helps_instead_is_told_where_the_rest_has_a_valid_index_and_else_the_index_is_proposed() -> None:
    both = made(scan("((t.a = 1) AND (t.doc = '{}'::jsonb))"))

    def told(index: str) -> int:
        live = schema(indexes={"i": f"CREATE INDEX i ON public.t USING btree {index}"})
        return len(unsuited([both], live=live, statistics=known(a=UNIQUE)))

    assert (told("(a)"), told("(a) INVALID"), told("(b)")) == (1, 0, 0)


def test_a_plan_that_was_not_executed_is_judged_by_the_statistics_here_too() -> None:
    bare = made(scan("(t.doc = '{}'::jsonb)") | {"Actual Rows": None, "Rows Removed by Filter": None})

    assert unsuited([bare], live=schema()) == ()
    assert len(unsuited([bare], live=schema(), statistics=known())) == 1


def test_each_column_that_is_not_suited_is_told() -> None:
    live = SchemaBaseline({T: Table(columns={"doc": "jsonb", "b": "json"})})
    (said,) = unsuited([made(scan("((t.doc = '{}'::jsonb) AND (t.b = '{}'::json))"))], live=live)

    assert "a GIN index finds what is asked for. An ordinary index on b of public.t would not help, for json" in said


@pytest.mark.parametrize(("distinct", "asked"), [(5, ['"public"."t" ("a")']), (4, [])])
def test_what_is_left_of_a_need_is_indexed_where_it_finds_a_fifth_of_the_rows_at_most(
    distinct: int, asked: list[str]
) -> None:
    both = made(scan("((t.a = 1) AND (t.doc = '{}'::jsonb))"))

    assert proposed(both, a=ColumnStatistics(distinct=distinct, width=4)) == asked


@pytest.mark.parametrize(("distinct", "asked"), [(50, '("a")'), (49, '("a", "st")')])
def test_a_hundred_rows_are_few(distinct: int, asked: str) -> None:
    plan = made(scan("((t.a = 17) AND (t.st = 2))"))

    found = proposed(plan, a=ColumnStatistics(distinct=distinct, width=4), st=HALF)
    assert found == [f'"public"."t" {asked}']


def test_a_range_of_such_a_column_is_left_to_a_filter() -> None:
    plan = made(scan("((t.a = 17) AND (t.doc > '{}'::jsonb))"))

    assert proposed(plan, a=UNIQUE) == ['"public"."t" ("a")']


def test_an_order_by_such_a_column_gets_no_index() -> None:
    assert proposed(made(first_of(scan("(t.a = 1)", found=5000), "t.doc"))) == []


def test_no_further_column_is_indexed_where_the_first_finds_few_rows() -> None:
    by_state, by_deleted = scan("((t.st = 2) AND (t.a = 17))"), scan("((t.a = 17) AND (NOT t.deleted))")

    assert proposed(made(by_state), made(by_deleted), a=UNIQUE, st=HALF, deleted=HALF) == ['"public"."t" ("a")']


def test_a_further_column_is_indexed_where_one_value_of_the_first_is_common() -> None:
    plan = made(scan("((t.b = 2) AND (t.a = 17))"))
    skewed = ColumnStatistics(distinct=1000, most_common=0.3, width=4)

    assert proposed(plan, a=skewed, b=ColumnStatistics(distinct=40, width=4)) == ['"public"."t" ("b", "a")']


def test_the_range_behind_few_values_stays() -> None:
    assert proposed(made(scan("((t.a = 17) AND (t.b > 3))")), a=UNIQUE) == ['"public"."t" ("a", "b")']
