"""Promise: a plan is shown as EXPLAIN shows it, compared by its shape alone, and never with a value in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.query_plan import Plan, PlanTrigger, joined_shape
from dbops.domain.query_plan.node import CONDITIONS, PlanNode
from dbops.domain.query_plan.shape import steps
from tests.unit.plans import document, made, names, plan

LITERAL = re.compile(r"'((?:[^']|'')*)'::")


def test_a_plan_is_shown_as_explain_shows_it() -> None:
    assert plan("events_of_a_user_joined").text() == (
        "Hash Join  (cost=8.30..710.66 rows=44 width=26) (actual time=0.787..7.784 rows=13 loops=1)\n"
        '  Hash Cond: (e."userId" = u.id)\n'
        "  Buffers: shared hit=425 shared read=2\n"
        '  ->  Seq Scan on public."UsageEvent" e  (cost=0.00..644.09 rows=22009 width=52) '
        "(actual time=0.014..1.535 rows=22009 loops=1)\n"
        "        Buffers: shared hit=424\n"
        "  ->  Hash  (cost=8.29..8.29 rows=1 width=26) (actual time=0.034..0.036 rows=1 loops=1)\n"
        "        Hash Buckets: 1024\n"
        "        Hash Batches: 1\n"
        "        Peak Memory Usage: 9kB\n"
        "        Buffers: shared hit=1 shared read=2\n"
        '        ->  Index Scan using "User_email_key" on public."User" u  (cost=0.27..8.29 rows=1 width=26) '
        "(actual time=0.030..0.031 rows=1 loops=1)\n"
        "              Index Cond: (u.email = '…'::text)\n"
        "              Buffers: shared hit=1 shared read=2\n"
        "Planning Time: 0.823 ms\n"
        "Execution Time: 7.831 ms"
    )


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (0, "0"),
        (13.0, "13"),
        (0.5, "0.5"),
        (2.25, "2.25"),
        (1 / 3, "0.33"),
        (1_234_567, "1234567"),
        (10**9, "1000000000"),
    ],
)
def test_rows_are_written_in_full_however_many_there_are(rows: float, shown: str) -> None:
    found = made({"Node Type": "Result", "Actual Rows": rows, "Actual Loops": 2})

    assert found.text() == f"Result  (cost=0.00..1.00 rows=1 width=8) (actual rows={shown} loops=2)"


def test_a_trigger_has_its_own_name_where_it_is_of_no_constraint_and_all_settings_are_shown() -> None:
    found = made(
        {"Node Type": "Result"},
        Settings={"work_mem": "64kB", "enable_seqscan": "off"},
        Triggers=[{"Trigger Name": "audit", "Relation": "User", "Time": 1.25, "Calls": 3.0}],
    )
    assert found.text().splitlines()[1:] == [
        "Settings: work_mem = '64kB', enable_seqscan = 'off'",
        "Trigger audit: time=1.250 calls=3",
    ]


def test_a_plan_weighs_its_time_or_what_the_planner_expects_of_it() -> None:
    assert made({"Node Type": "Result", "Startup Cost": 1.0, "Total Cost": 7.0}).weight == 7.0
    assert made({"Node Type": "Result"}, **{"Execution Time": 0.25}).weight == 0.25


def test_a_plan_that_was_not_executed_has_estimates_only() -> None:
    shown = plan("newest_not_executed").text()

    assert "actual" not in shown
    assert "Execution Time" not in shown
    assert '->  Seq Scan on public."Summary" t0  (cost=' in shown


def test_settings_and_triggers_are_shown() -> None:
    assert "Settings: parallel_setup_cost = '0'" in plan("newest_in_parallel").text()
    assert "Trigger for constraint ShareLink_summaryId_fkey: time=0.304 calls=1" in plan("summary_deleted").text()


def test_what_was_never_executed_says_so() -> None:
    never = made({"Node Type": "Result", "Actual Rows": 0, "Actual Loops": 0})

    assert never.text() == "Result  (cost=0.00..1.00 rows=1 width=8) (never executed)"


def test_a_subplan_stands_under_its_name() -> None:
    outer = made(
        {
            "Node Type": "Result",
            "Plans": [{"Node Type": "Result", "Parent Relationship": "SubPlan", "Subplan Name": "SubPlan 1"}],
        }
    )

    assert [line.split("  (")[0] for line in outer.text().splitlines()] == ["Result", "  SubPlan 1", "    ->  Result"]
    assert outer.shape() == "Result > SubPlan: Result"


@pytest.mark.parametrize("name", names())
def test_no_literal_of_a_real_plan_survives(name: str) -> None:
    found = plan(name)
    literals = {text for text in LITERAL.findall(json.dumps(document(name), ensure_ascii=False)) if text}

    assert not [text for text in literals if text in found.text() + found.shape() + repr(found)]


def test_real_plans_hold_literals_that_could_survive() -> None:
    assert {"SUMMARY_CREATED"} < {text for name in names() for text in LITERAL.findall(json.dumps(document(name)))}


def test_the_shape_is_in_a_line() -> None:
    assert plan("events_of_this_month").shape() == "Aggregate > Seq Scan on UsageEvent (createdAt, type, userId)"
    assert plan("events_of_a_user_joined").shape() == (
        "Hash Join (id, userId) [Seq Scan on UsageEvent | Hash > Index Scan on User by User_email_key (email)]"
    )
    assert plan("summary_deleted").shape() == "Delete on Summary > Index Scan on Summary by Summary_pkey (id)"


def test_the_parameters_do_not_change_the_shape() -> None:
    one, other = plan("newest_of_another_user"), plan("newest_of_a_like_user")

    assert one.text() != other.text()
    assert one.shape() == other.shape()
    assert plan("newest_not_executed").shape() == plan("newest_of_a_user").shape()


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        ({"Node Type": "Seq Scan", "Relation Name": "T", "Filter": 't."isFavorite"'}, "Seq Scan on T (isFavorite)"),
        ({"Node Type": "Seq Scan", "Relation Name": "T", "Filter": "(public.f(t.a) > 1)"}, "Seq Scan on T (a)"),
        ({"Node Type": "Aggregate", "Strategy": "Sorted", "Group Key": ["t.a", "t.b"]}, "GroupAggregate by a, b"),
        ({"Node Type": "Sort", "Sort Key": ["t.a"], "Group Key": ["t.b"]}, "Sort by a"),
        (
            {"Node Type": "Incremental Sort", "Sort Key": ["a.x", "a.y"], "Presorted Key": ["a.x"]},
            "Incremental Sort by x, y",
        ),
        ({"Node Type": "Result", "Parent Relationship": "InitPlan"}, "InitPlan: Result"),
    ],
)
def test_a_step_is_told_with_its_columns_and_its_order(node: dict[str, Any], shape: str) -> None:
    assert made(node).shape() == shape


def test_another_index_is_another_shape() -> None:
    assert plan("newest_with_the_index").shape() != plan("newest_of_a_user").shape()


def test_an_alias_does_not_change_the_shape() -> None:
    def aliased(alias: str) -> Plan:
        scan = {"Node Type": "Seq Scan", "Relation Name": "T", "Alias": alias, "Filter": f'({alias}."a b" > 1)'}
        return made({"Node Type": "Sort", "Sort Key": [f"{alias}.n DESC", f"lower({alias}.x)"], "Plans": [scan]})

    assert aliased("t").shape() == aliased('"T 1"').shape() == "Sort by n DESC, lower(x) > Seq Scan on T (a b)"


def test_the_shapes_of_several_statements_are_one_text() -> None:
    both = joined_shape([plan("summary_deleted"), plan("events_of_this_month")])

    assert steps(both) == [
        "Delete on Summary",
        "Index Scan on Summary by Summary_pkey (id)",
        "Aggregate",
        "Seq Scan on UsageEvent (createdAt, type, userId)",
    ]


@pytest.mark.parametrize(
    ("node", "called"),
    [
        ({"Node Type": "Aggregate", "Strategy": "Plain"}, "Aggregate"),
        ({"Node Type": "Aggregate", "Strategy": "Hashed", "Partial Mode": "Partial"}, "Partial HashAggregate"),
        ({"Node Type": "Aggregate", "Strategy": "Sorted", "Partial Mode": "Finalize"}, "Finalize GroupAggregate"),
        ({"Node Type": "Aggregate", "Strategy": "Mixed", "Partial Mode": "Simple"}, "MixedAggregate"),
        ({"Node Type": "Hash Join", "Join Type": "Inner"}, "Hash Join"),
        ({"Node Type": "Hash Join", "Join Type": "Left", "Parallel Aware": True}, "Parallel Hash Left Join"),
        ({"Node Type": "Nested Loop", "Join Type": "Anti"}, "Nested Loop Anti Join"),
        ({"Node Type": "ModifyTable", "Operation": "Update"}, "Update"),
        ({"Node Type": "ModifyTable"}, "ModifyTable"),
        ({"Node Type": "Index Scan", "Scan Direction": "Backward"}, "Index Scan Backward"),
        ({"Node Type": "Index Scan", "Scan Direction": "Forward"}, "Index Scan"),
    ],
)
def test_a_step_is_called_as_explain_calls_it(node: dict[str, Any], called: str) -> None:
    assert made(node).shape() == called
    assert made(node).text().startswith(f"{called}  (cost=")


@pytest.mark.parametrize(
    ("node", "title"),
    [
        ({"Node Type": "Bitmap Index Scan", "Index Name": "I x"}, 'Bitmap Index Scan on "I x"'),
        ({"Node Type": "Index Scan", "Index Name": "i", "Relation Name": "t", "Schema": "a", "Alias": "t"},
         "Index Scan using i on a.t"),
        ({"Node Type": "Seq Scan", "Relation Name": "t", "Schema": "a", "Alias": "x"}, "Seq Scan on a.t x"),
        ({"Node Type": "CTE Scan", "CTE Name": "c", "Alias": "c1"}, "CTE Scan on c c1"),
        ({"Node Type": "Function Scan", "Function Name": "f", "Alias": "f"}, "Function Scan on f f"),
        ({"Node Type": "Subquery Scan", "Alias": "s"}, "Subquery Scan on s"),
    ],
)  # fmt: skip
def test_a_step_says_what_it_reads_and_by_what(node: dict[str, Any], title: str) -> None:
    assert made(node).text().partition("  (cost=")[0] == title


def test_how_a_sort_was_done_and_what_was_read_stand_in_lines_of_their_own() -> None:
    sort = {
        "Node Type": "Sort", "Sort Key": ["a", "b DESC"], "Sort Method": "external merge", "Sort Space Used": 512,
        "Sort Space Type": "Disk", "Rows Removed by Filter": 7, "Shared Hit Blocks": 3, "Shared Read Blocks": 0,
        "Temp Written Blocks": 64,
    }  # fmt: skip
    assert made(sort).text().splitlines()[1:] == [
        "  Sort Key: a, b DESC",
        "  Sort Method: external merge  Disk: 512kB",
        "  Rows Removed by Filter: 7",
        "  Buffers: shared hit=3 temp written=64",
    ]


def test_how_a_sort_was_done_is_told_also_where_it_took_nothing() -> None:
    sort = {"Node Type": "Sort", "Sort Method": "quicksort", "Sort Space Used": 0}
    assert made(sort).text().splitlines()[1:] == ["  Sort Method: quicksort  Memory: 0kB"]


def test_what_explain_leaves_out_is_nothing_that_anybody_has_made_up() -> None:
    assert PlanNode.of({"Node Type": "Result"}) == PlanNode(type="Result")
    assert PlanNode.of({"Node Type": "Seq Scan", "Relation Name": "t"}).table == ("public", "t")
    plain = Plan.of([{"Plan": {"Node Type": "Result"}, "Triggers": [{"Trigger Name": "a"}]}])
    assert plain == Plan(root=PlanNode(type="Result"), triggers=(PlanTrigger(name="a", table=""),))
    heavy = Plan.of([{"Plan": {"Node Type": "Result"}}], kind="heavy", line=7)
    assert (heavy.kind, heavy.line) == ("heavy", 7)


@pytest.mark.parametrize("wrong", [[], [{}], [{"Plan": {}}], [{"Plan": 1}], {"Plan": {}}, [1]])
def test_what_is_no_plan_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^this is not what EXPLAIN \(FORMAT JSON\) answers$"):
        Plan.of(wrong)


SECRETS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20).map("<{}>".format)


def _literal(secret: str) -> str:
    doubled = secret.replace("'", "''")
    return f"'{doubled}'" if "\\" not in secret else "E'" + doubled.replace("\\", "\\\\") + "'"


@given(
    key=st.sampled_from(CONDITIONS),
    secret=SECRETS,
    number=st.integers(10**9),
    form=st.sampled_from(
        [
            "((t.a = {text}::text) AND (t.n > {number}))",
            "(t.a = ANY (ARRAY[{text}::text, {text}::text]))",
            "((t.n)::bigint = {number})",
            "CASE WHEN (t.a ~~ {text}::text) THEN {number} ELSE '{number}'::bigint END",
            "f(t.a, {text}::text, VARIADIC {text}::text[]) DESC",
            "(NOT (({text}::text || t.a) = {text}::text))",
            "((t.j -> {text}::text) @> {text}::jsonb)",
        ]
    ),
)
def test_no_literal_survives_wherever_it_stands(key: str, secret: str, number: int, form: str) -> None:
    condition = form.format(text=_literal(secret), number=number)
    node = {"Node Type": "Index Scan", "Relation Name": "T", "Alias": "t", "Output": [condition]}
    found = made(node | {key: [condition] if key.endswith("Key") else condition})

    for shown in (found.text(), found.shape(), repr(found)):
        assert secret not in shown
        assert str(number) not in shown
