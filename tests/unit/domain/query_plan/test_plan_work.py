"""Promise: a plan's work is counted in rows, each as often as it is touched, and where its rows come from is known."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.query_plan.node import PlanNode
from dbops.domain.query_plan.row_sources import scan_of, sort_under, through
from dbops.domain.query_plan.work import rows_handled
from tests.unit.plans import made


def scan(alias: str = "t", **more: Any) -> dict[str, Any]:
    return {"Node Type": "Seq Scan", "Relation Name": alias, "Alias": alias, **more}


def ran(rows: float, loops: int = 1, **more: Any) -> dict[str, Any]:
    return {"Plan Rows": 7777, "Actual Rows": rows, "Actual Loops": loops, **more}


def node(found: dict[str, Any]) -> PlanNode:
    return made(found).root


# -------------------------------------------------------------------------------------------------- one node's numbers


def test_what_was_executed_counts_its_rows_at_every_execution_and_what_its_filters_have_thrown_away() -> None:
    found = node(scan(**ran(3, 4, **{"Rows Removed by Filter": 10, "Rows Removed by Index Recheck": 2})))
    assert (found.executed, found.returned, found.removed) == (4, 12, 48)
    plain = node(scan(**ran(3)))
    assert (plain.executed, plain.returned, plain.removed) == (1, 3, 0)


def test_what_a_join_has_thrown_away_was_read_by_its_sides_and_counts_there() -> None:
    assert node({"Node Type": "Hash Join", **ran(3, **{"Rows Removed by Join Filter": 9})}).removed == 0


def test_what_was_never_executed_has_returned_nothing_and_what_only_was_planned_as_many_as_are_expected() -> None:
    never = node(scan(**ran(0, 0)))
    assert (never.executed, never.returned, never.removed) == (0, 0, 0)
    planned = node({**scan(), "Plan Rows": 40})
    assert (planned.executed, planned.returned, planned.removed) == (1, 40, None)


def test_a_plan_is_walked_as_explain_lists_it() -> None:
    top = {"Node Type": "Append", "Plans": [scan("a", Plans=[scan("b")]), scan("c")]}
    assert [one.alias for one in node(top).walk()] == ["", "a", "b", "c"]


# -------------------------------------------------------------------------------------------------- what all of it does


def test_the_rows_of_a_part_are_its_own_and_those_below() -> None:
    top = {
        "Node Type": "Sort",
        **ran(5),
        "Plans": [scan("a", **ran(5, **{"Rows Removed by Filter": 90})), scan("b", **ran(2, 10))],
    }
    assert rows_handled(node(top)) == 5 + 5 + 90 + 20


def test_one_that_does_not_count_is_left_out_with_nothing_that_is_below_it() -> None:
    top = node({"Node Type": "Limit", **ran(5), "Plans": [{"Node Type": "Sort", **ran(5), "Plans": [scan(**ran(80))]}]})
    (sort,) = top.children
    assert rows_handled(top, without=sort) == 5 + 80
    assert rows_handled(sort, without=sort) == 80


def nested(outer: float, inner: dict[str, Any], **more: Any) -> PlanNode:
    sides = [scan("o", **{"Plan Rows": outer}), {"Parent Relationship": "Inner", **inner}]
    return node({"Node Type": "Nested Loop", "Plan Rows": 9, "Plans": sides, **more})


def test_the_inner_side_of_a_planned_nested_loop_is_read_once_for_each_row_of_the_outer_one() -> None:
    assert rows_handled(nested(100, scan("i", **{"Plan Rows": 3}))) == 9 + 100 + 300
    deeper = scan("i", **{"Plan Rows": 3}, Plans=[scan("d", **{"Plan Rows": 2})])
    assert rows_handled(nested(100, deeper)) == 9 + 100 + 300 + 200


def test_an_inner_side_is_read_once_at_least_and_that_of_another_join_once() -> None:
    assert rows_handled(nested(0.2, scan("i", **{"Plan Rows": 3}))) == pytest.approx(9 + 0.2 + 3)
    assert rows_handled(nested(100, scan("i", **{"Plan Rows": 3}), **{"Node Type": "Hash Join"})) == 9 + 100 + 3


def test_an_inner_side_that_was_executed_has_been_counted_already() -> None:
    assert rows_handled(nested(100, scan("i", **ran(3, 50)))) == 9 + 100 + 150


# --------------------------------------------------------------------------------------------- where rows come from


@pytest.mark.parametrize("step", ["Hash", "Materialize", "Sort", "Gather", "Gather Merge", "Memoize", "Result"])
def test_what_only_hands_rows_on_is_looked_through(step: str) -> None:
    assert through(node({"Node Type": step, "Plans": [{"Node Type": "Hash", "Plans": [scan()]}]})).alias == "t"


def test_what_does_more_or_has_two_sources_is_none_that_only_hands_on() -> None:
    assert through(node({"Node Type": "Aggregate", "Plans": [scan()]})).type == "Aggregate"
    assert through(node({"Node Type": "Result", "Plans": [scan(), scan("u")]})).type == "Result"
    assert through(node({"Node Type": "Result"})).type == "Result"


SORT = {"Node Type": "Sort", "Sort Key": ["t.a"], "Plans": [scan()]}


@pytest.mark.parametrize(
    "step", ["Limit", "Result", "ProjectSet", "Subquery Scan", "LockRows", "Gather Merge", "Nested Loop"]
)
def test_a_limit_takes_the_first_rows_of_the_sort_below_what_keeps_their_order(step: str) -> None:
    role = "Subquery" if step == "Subquery Scan" else "Outer"
    found = sort_under(
        node({"Node Type": "Limit", "Plans": [{"Node Type": step, "Plans": [{**SORT, "Parent Relationship": role}]}]})
    )
    assert found is not None
    assert found.type == "Sort"


@pytest.mark.parametrize(
    "below",
    [
        [{"Node Type": "Hash Join", "Plans": [SORT]}],
        [{"Node Type": "Append", "Plans": [SORT, SORT]}],
        [{"Node Type": "Nested Loop", "Plans": [{**SORT, "Parent Relationship": "Inner"}]}],
        [{**SORT, "Parent Relationship": "InitPlan"}],
        [{"Node Type": "Incremental Sort", "Plans": [scan()]}],
        [{"Node Type": "Sort"}],
        [scan()],
        [],
    ],
)
def test_where_something_else_gives_the_order_there_is_no_sort_under_a_limit(below: list[dict[str, Any]]) -> None:
    assert sort_under(node({"Node Type": "Limit", "Plans": below})) is None


def joined(kind: str, of: str = "Hash Join", **more: Any) -> PlanNode:
    inner = {"Node Type": "Hash", "Parent Relationship": "Inner", "Plans": [scan("i")]}
    return node({"Node Type": of, "Join Type": kind, "Plans": [scan("o"), inner], **more})


@pytest.mark.parametrize(
    ("kind", "outer", "inner"),
    [
        ("Inner", True, True),
        ("Left", True, False),
        ("Anti", True, False),
        ("Semi", True, False),
        ("Right", False, True),
        ("Right Anti", False, True),
        ("Right Semi", False, True),
        ("Full", False, False),
    ],
)
def test_the_rows_of_a_join_may_come_in_the_order_of_a_side_that_it_does_not_fill_up(
    kind: str, outer: bool, inner: bool
) -> None:
    assert [scan_of(joined(kind), alias) is not None for alias in ("o", "i")] == [outer, inner]


@pytest.mark.parametrize("of", ["Nested Loop", "Hash Join", "Merge Join"])
def test_a_scan_is_found_by_its_alias_through_any_join(of: str) -> None:
    found = scan_of(joined("Inner", of), "i")
    assert found is not None
    assert (found.type, found.alias) == ("Seq Scan", "i")
    assert scan_of(joined("Inner", of), "x") is None


def test_a_scan_of_rows_that_are_no_longer_its_own_is_not_found() -> None:
    assert scan_of(node({"Node Type": "Aggregate", "Plans": [scan()]}), "t") is None
    assert scan_of(node({"Node Type": "Result", "Plans": [scan(**{"Parent Relationship": "SubPlan"})]}), "t") is None
    assert scan_of(node({"Node Type": "CTE Scan", "Alias": "t", "CTE Name": "t"}), "t") is None
    assert scan_of(node(scan()), "t") is not None
