"""Promise: advice says what was seen and what to do, and keeps silent where that would change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbops.domain.advice.advise import advise
from dbops.domain.probes import Probe, Statement
from dbops.domain.probes.latency import Latency
from dbops.domain.query_plan import Plan, joined_shape, shapes_before
from dbops.domain.query_plan.advice import Advice, IndexProposal
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import TableName
from tests.unit.plans import made, plan

GROWN = ("public", "Grown")
FRESH = TableStatistics(rows=2000, changed=0, analyzed=datetime(2026, 11, 22, tzinfo=UTC), ago=timedelta(hours=1))
PROPOSAL = IndexProposal(
    name="i", table="public.t", statement="CREATE INDEX ...", revert="", probes=("a", "p"), why="It reads all."
)


def probe(statements: int = 1, **more: Any) -> Probe:
    listed = tuple(Statement("SELECT 1", line=number) for number in range(1, statements + 1))
    return Probe(name="p", title="", model="", budget_ms=1, statements=listed, **more)


def advice(
    *plans: Plan,
    of: Probe | None = None,
    p50: float | None = 100.0,
    round_trip_ms: float = 0.1,
    before: str = "",
    statistics: Mapping[TableName, TableStatistics] | None = None,
    proposals: tuple[IndexProposal, ...] = (),
) -> tuple[Advice, ...]:
    return advise(
        of or probe(),
        plans,
        latency=None if p50 is None else replace(Latency.of([1]), p50=p50),
        round_trip_ms=round_trip_ms,
        before=shapes_before(plans, before),
        statistics=statistics or {},
        proposals=proposals,
    )


def on_statistics(known: TableStatistics | None) -> list[Advice]:
    """What is said of them where the planner misjudges a table by far."""
    given = advice(plan("misjudged"), statistics={} if known is None else {GROWN: known})
    return [one for one in given if one.kind == "statistics"]


@pytest.mark.parametrize(
    "name", ["newest_of_a_user", "newest_with_the_index", "categories_with_counts", "summary_deleted"]
)
def test_a_plan_that_is_as_it_was_needs_no_advice(name: str) -> None:
    assert advice(plan(name), before=plan(name).shape()) == ()


def test_a_list_without_a_limit_is_advised_to_come_in_pages() -> None:
    (one,) = advice(plan("every_event"))

    assert one.kind == "pagination"
    assert one.sentence == (
        "The statement in line 1 returns 6,887 rows, and one more with every row that is added. "
        "Ask for a page of them: ORDER BY a unique key, and LIMIT."
    )


def returning(rows: int, top: str, below: str) -> Plan:
    return made({"Node Type": top, "Actual Rows": rows, "Actual Loops": 1, "Plans": [{"Node Type": below}]})


def test_a_list_is_long_from_a_thousand_rows_on_and_a_limit_within_it_does_not_bound_it() -> None:
    assert [one.kind for one in advice(returning(1000, "Gather", "Seq Scan"))] == ["pagination"]
    assert [one.kind for one in advice(returning(5000, "Sort", "Limit"))] == ["pagination"]
    alone = made({"Node Type": "Result", "Actual Rows": 5000, "Actual Loops": 1})
    assert [one.kind for one in advice(alone)] == ["pagination"]


@pytest.mark.parametrize(("top", "rows"), [("Limit", 5000), ("ModifyTable", 5000), ("Seq Scan", 999)])
def test_a_list_that_is_bounded_or_short_needs_no_pages(top: str, rows: int) -> None:
    assert (
        advice(made({"Node Type": "Gather", "Actual Rows": rows, "Actual Loops": 1, "Plans": [{"Node Type": top}]}))
        == ()
    )


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (TableStatistics(rows=None, changed=0), "was never analyzed"),
        (TableStatistics(rows=2000, changed=60), "was never analyzed"),
        (replace(FRESH, changed=2000), "has changed in 2,000 rows since it was analyzed"),
        (replace(FRESH, changed=1, ago=timedelta(days=31)), "was last analyzed 31d ago"),
    ],
)
def test_old_statistics_that_mislead_the_planner_are_to_be_renewed(known: TableStatistics, why: str) -> None:
    (one,) = on_statistics(known)

    assert one.sentence == f"The planner expects 1 row of public.Grown and gets 2,000, and the table {why}. Analyze it."
    assert one.sql == 'ANALYZE "public"."Grown"'


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (TableStatistics(rows=2000, changed=50), "was never analyzed"),
        (replace(FRESH, changed=250), "has changed in 250 rows since it was analyzed"),
        (replace(FRESH, rows=0, changed=50), "has changed in 50 rows since it was analyzed"),
        (replace(FRESH, changed=1, ago=timedelta(days=30)), "was last analyzed 30d ago"),
    ],
)
def test_statistics_are_old_from_where_autovacuum_would_renew_them_or_from_a_month_on(
    known: TableStatistics, why: str
) -> None:
    assert [why in one.sentence for one in on_statistics(known)] == [True]


@pytest.mark.parametrize(
    ("expected", "rows", "is_told"),
    [(20, 200, True), (20, 199, False), (10, 110, True), (10, 109, False), (200, 20, True), (0, 100, False)],
)
def test_an_estimate_misleads_from_ten_times_and_a_hundred_rows_on(expected: int, rows: int, is_told: bool) -> None:
    scan = {
        "Node Type": "Seq Scan",
        "Schema": "public",
        "Relation Name": "Grown",
        "Plan Rows": expected,
        "Actual Rows": rows,
        "Actual Loops": 1,
    }
    given = advice(made(scan), statistics={GROWN: TableStatistics(rows=None, changed=0)})
    assert [one.kind for one in given] == ["statistics"] * is_told


def test_of_a_table_that_is_misjudged_twice_the_worse_estimate_is_told() -> None:
    def scan(expected: int) -> dict[str, Any]:
        of = {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "Grown", "Actual Loops": 1}
        return {**of, "Plan Rows": expected, "Actual Rows": 500}

    both = made({"Node Type": "Append", "Plans": [scan(30), scan(3), scan(20)]})
    (one,) = advice(both, statistics={GROWN: TableStatistics(rows=None, changed=0)})
    assert one.sentence.startswith("The planner expects 3 rows of public.Grown and gets 500, ")


@pytest.mark.parametrize(
    "known", [FRESH, replace(FRESH, changed=249), replace(FRESH, ago=timedelta(days=31)), replace(FRESH, changed=9)]
)
def test_statistics_that_would_be_the_same_again_are_left_alone(known: TableStatistics) -> None:
    assert on_statistics(known) == []


def test_nothing_is_said_of_statistics_where_nobody_knows() -> None:
    assert on_statistics(None) == []
    assert (
        advice(plan("newest_not_executed"), statistics={("public", "Summary"): TableStatistics(rows=None, changed=0)})
        == ()
    )


@pytest.mark.parametrize(
    "top",
    [
        {"Node Type": "Limit"},
        {"Node Type": "Nested Loop", "Join Type": "Semi"},
        {"Node Type": "Limit", "Plans": [{"Node Type": "Nested Loop"}]},
    ],
)
def test_rows_that_nobody_asked_for_are_no_error_of_the_planner(top: dict[str, Any]) -> None:
    scan = {
        "Node Type": "Seq Scan",
        "Schema": "public",
        "Relation Name": "Grown",
        "Plan Rows": 5000,
        "Actual Rows": 20,
        "Actual Loops": 1,
    }
    stale = {GROWN: TableStatistics(rows=None, changed=0)}
    (below,) = top.get("Plans", [{}])
    stopped = {**top, "Plans": [{**below, "Plans": [scan]}] if below else [scan]}
    sorted_ = {**top, "Plans": [{"Node Type": "Sort", "Plans": [scan]}]}

    assert advice(made(stopped), statistics=stale) == ()
    assert [one.kind for one in advice(made(sorted_), statistics=stale)] == ["statistics"]


def grown(expected: int, rows: int, loops: int = 1) -> dict[str, Any]:
    """A scan whose table has no statistics."""
    of = {"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "Grown"}
    return {**of, "Plan Rows": expected, "Actual Rows": rows, "Actual Loops": loops}


def told_of(top: dict[str, Any]) -> list[str]:
    return [one.sentence for one in advice(made(top), statistics={GROWN: TableStatistics(rows=None, changed=0)})]


@pytest.mark.parametrize(
    "top",
    [
        {"Node Type": "Merge Join"},
        {"Node Type": "Hash Join", "Join Type": "Anti"},
        {"Node Type": "Hash Join", "Join Type": "Semi"},
    ],
)
def test_a_join_that_may_stop_early_says_nothing_of_an_estimate(top: dict[str, Any]) -> None:
    assert told_of({**top, "Plans": [grown(5000, 20)]}) == []
    for whole in ("Hash", "Aggregate", "Sort"):
        assert len(told_of({**top, "Plans": [{"Node Type": whole, "Plans": [grown(5000, 20)]}]})) == 1


def test_a_subplan_may_be_asked_for_its_first_row_alone_and_other_inputs_give_all() -> None:
    assert told_of({"Node Type": "Result", "Plans": [{**grown(5000, 20), "Parent Relationship": "SubPlan"}]}) == []
    assert len(told_of({"Node Type": "Append", "Plans": [grown(5000, 20)]})) == 1


def test_what_was_never_executed_is_not_misjudged_and_what_found_nothing_is() -> None:
    assert told_of(grown(5000, 0, loops=0)) == []
    (one,) = told_of(grown(5000, 0))
    assert one.startswith("The planner expects 5,000 rows of public.Grown and gets 0, ")


def test_many_round_trips_are_counted() -> None:
    (one,) = advice(of=probe(6), p50=20, round_trip_ms=2.5)

    assert one.kind == "round_trips"
    assert one.sentence == (
        "Its 6 statements wait 15.0 of 20.0 ms for the network, 2.5 ms each. "
        "Make one statement of several, or move the application near the database."
    )


@pytest.mark.parametrize(("p50", "round_trip_ms"), [(10, 2.5), (20, 5.0)])
def test_half_of_the_time_and_five_milliseconds_are_enough_to_speak_of(p50: float, round_trip_ms: float) -> None:
    assert [one.kind for one in advice(of=probe(2), p50=p50, round_trip_ms=round_trip_ms)] == ["round_trips"]


@pytest.mark.parametrize(
    ("of", "p50", "round_trip_ms"),
    [
        (probe(1), 20, 15),
        (probe(6), 40, 2.5),
        (probe(6), 2, 0.5),
        (probe(2, connections=10), 20, 10),
    ],
    ids=["one statement", "the database takes longer", "too short to notice", "a pool"],
)
def test_few_or_short_round_trips_are_no_advice(of: Probe, p50: float, round_trip_ms: float) -> None:
    assert advice(of=of, p50=p50, round_trip_ms=round_trip_ms) == ()


def test_a_changed_plan_is_told_by_what_differs() -> None:
    (one,) = advice(plan("newest_of_a_user"), before=plan("newest_with_the_index").shape())

    assert one.kind == "plan_changed"
    assert one.sentence == (
        "The plan is another one than when the probe was last well: "
        "from Index Scan on Summary by Summary_userId_createdAt_idx (userId) "
        "to Sort by createdAt DESC, Seq Scan on Summary (userId). "
        "Look for an index that is gone, new statistics, or a changed setting."
    )


def test_a_long_change_is_told_shortly() -> None:
    before = " > ".join(f"Seq Scan on table_{number}" for number in range(100))

    (one,) = advice(plan("events_by_type"), before=before)

    assert len(one.sentence) < 600
    assert "…" in one.sentence


@pytest.mark.parametrize("length", [200, 201])
def test_a_change_of_two_hundred_characters_is_told_whole(length: int) -> None:
    (one,) = advice(plan("events_by_type"), before="x" * length)

    assert f"from {'x' * 200}{'…' if length > 200 else ''} to " in one.sentence


def test_a_step_more_or_less_is_told_alone() -> None:
    now = plan("events_by_type")
    (less,) = advice(now, before=f"Gather > {now.shape()}")
    (more,) = advice(now, before=now.shape().split(" > ")[-1])

    assert "well: from Gather to no step in its place. Look for" in less.sentence
    assert "well: from no step of its own to " in more.sentence


def test_the_order_of_steps_is_a_change_too() -> None:
    top, below = plan("events_by_type").shape().split(" > ")

    (changed,) = advice(plan("events_by_type"), before=f"{below} > {top}")

    assert "well: its steps are the same, in another order. Look for" in changed.sentence


def lasting(execution_ms: float, name: str = "events_by_type", line: int = 1) -> Plan:
    return replace(plan(name), execution_ms=execution_ms, line=line)


def test_of_several_statements_the_one_whose_plan_has_changed_is_named() -> None:
    plans = (lasting(6), lasting(4, "newest_of_a_user", 9))
    before = joined_shape([plan("events_by_type"), plan("newest_with_the_index")])

    (changed,) = advice(*plans, before=before)

    assert changed.sentence.startswith(
        "The plan of the statement in line 9 is another one than when the probe was last well: from Index Scan on "
    )
    assert shapes_before(plans, before) == ["", plan("newest_with_the_index").shape()]


def test_of_two_plans_that_have_changed_the_one_that_takes_more_is_named() -> None:
    plans = (lasting(4, line=1), lasting(6, "newest_of_a_user", 9))
    for shown in (plans, plans[::-1]):
        changed = advise(
            probe(),
            shown,
            latency=None,
            round_trip_ms=0.1,
            before=["Seq Scan on a", "Seq Scan on b"],
            statistics={},
        )
        assert [one.sentence.partition(" is another")[0] for one in changed] == ["The plan of the statement in line 9"]


def test_where_nobody_knows_how_the_plans_were_none_has_changed() -> None:
    assert advise(probe(), [plan("newest_of_a_user")], latency=None, round_trip_ms=0.1, statistics={}) == ()


def test_what_no_ordinary_index_would_help_is_told_after_those_that_would() -> None:
    (index, told) = advise(
        probe(),
        [],
        latency=None,
        round_trip_ms=0.1,
        statistics={},
        proposals=[PROPOSAL],
        unsuited=["An ordinary index would not help."],
    )

    assert (index.kind, index.sql) == ("missing_index", "CREATE INDEX ...")
    assert told == Advice(kind="missing_index", sentence="An ordinary index would not help.")


def test_a_changed_plan_that_takes_little_of_the_time_is_not_blamed() -> None:
    before = joined_shape([plan("events_by_type"), plan("newest_with_the_index")])

    assert advice(lasting(96), lasting(4, "newest_of_a_user"), before=before) == ()


def test_a_changed_plan_that_takes_a_quarter_of_the_time_is_blamed() -> None:
    before = joined_shape([plan("events_by_type"), plan("newest_with_the_index")])

    (changed,) = advice(lasting(75), lasting(25, "newest_of_a_user"), before=before)
    assert changed.kind == "plan_changed"


def test_the_plans_of_other_statements_are_not_compared() -> None:
    before = joined_shape([plan("newest_with_the_index")] * 3)

    assert shapes_before([plan("events_by_type")] * 2, before) == ["", ""]
    assert advice(lasting(1), lasting(1), before=before) == ()


def changing(*triggers: dict[str, Any], execution_ms: float = 40.0) -> Plan:
    known = [{"Trigger Name": "a", "Relation": "User", "Calls": 1, **one} for one in triggers]
    return made({"Node Type": "ModifyTable"}, Triggers=known, **{"Execution Time": execution_ms})


def test_a_trigger_that_takes_most_of_the_time_is_named_with_its_time_before_anything_else() -> None:
    slow = changing({"Trigger Name": "audit", "Time": 30.0}, {"Time": 1.0})

    trigger, index, changed = advice(slow, proposals=(PROPOSAL,), before="Insert on User")

    assert trigger.kind == "trigger"
    assert trigger.sentence == (
        "The trigger audit of User took 30 ms of the 40 ms in which its statements were executed. "
        "Make what it does faster, or do it outside of the statement."
    )
    assert (index.kind, changed.kind) == ("missing_index", "plan_changed")


def test_a_foreign_key_that_takes_most_of_the_time_is_named_as_one() -> None:
    (one,) = advice(changing({"Constraint Name": "Summary_userId_fkey", "Time": 39.0}))

    assert one.sentence == (
        "What the constraint Summary_userId_fkey of User does for each row took 39 ms of the 40 ms in which its "
        "statements were executed. See whether the columns by which it looks rows up have an index."
    )


def test_of_two_triggers_that_take_half_each_one_is_named() -> None:
    both = changing({"Trigger Name": "a", "Time": 20.0}, {"Trigger Name": "b", "Time": 20.0})

    assert [one.kind for one in advice(both, p50=40.0)] == ["trigger"]


def test_a_trigger_is_named_though_no_sample_succeeded_and_a_plan_was_not_executed() -> None:
    quick = changing({"Time": 0.6}, execution_ms=1.0)

    assert [one.kind for one in advice(quick, p50=None)] == ["trigger"]
    assert [one.kind for one in advice(quick, plan("newest_not_executed"), p50=None)] == ["trigger"]


def test_what_one_trigger_takes_in_several_statements_counts_together() -> None:
    half = changing({"Time": 12.0}, execution_ms=20.0)

    assert [one.kind for one in advice(half, half, p50=None)] == ["trigger"]


@pytest.mark.parametrize(("time_ms", "p50"), [(20.0, 40.0), (30.0, 120.0)])
def test_a_trigger_is_named_from_half_of_the_plan_and_a_quarter_of_the_wait_on(time_ms: float, p50: float) -> None:
    assert [one.kind for one in advice(changing({"Time": time_ms}), p50=p50)] == ["trigger"]


def test_of_several_triggers_the_one_that_takes_most_is_named() -> None:
    of_both = changing({"Trigger Name": "zero", "Time": 8.0}, {"Trigger Name": "slow", "Time": 30.0})
    assert [one.sentence.partition(" of User")[0] for one in advice(of_both)] == ["The trigger slow"]


@pytest.mark.parametrize(
    ("triggers", "p50"),
    [
        ([{"Time": 19.0}], 40.0),
        ([{"Time": 19.0, "Trigger Name": "b"}, {"Time": 19.0}], 40.0),
        ([{"Time": 38.0}], 160.0),
        ([], 40.0),
    ],
    ids=["less than half", "two that share it", "not what people wait for", "none"],
)
def test_a_trigger_that_does_not_take_most_of_the_time_is_not_blamed(
    triggers: list[dict[str, Any]], p50: float
) -> None:
    assert advice(changing(*triggers), p50=p50) == ()


def test_an_operation_that_never_succeeded_is_advised_too() -> None:
    (one,) = advice(plan("newest_not_executed"), of=probe(6), p50=None, round_trip_ms=100, proposals=(PROPOSAL,))

    assert one.kind == "missing_index"


def test_a_proposed_index_is_advice_to_the_probes_that_ask_for_it() -> None:
    assert advice(proposals=(PROPOSAL, replace(PROPOSAL, probes=("other",)))) == (
        Advice(
            kind="missing_index",
            sentence="It reads all. Try the index i on a restored copy; it is unproven.",
            sql="CREATE INDEX ...",
        ),
    )
