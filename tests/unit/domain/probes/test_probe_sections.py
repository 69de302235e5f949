"""Promise: a report explains what is not well and what to paste, and its remedy is for what is so, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest

from dbops.domain.health.item import HealthItem
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.distance import distance
from dbops.domain.probes.history import Usual
from dbops.domain.probes.reason import likely_reason
from dbops.domain.probes.remedy import remedy
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun, Slower
from dbops.domain.query_plan.advice import Advice, IndexProposal
from tests.unit.probe_samples import latency, latency_of, probe_result, probe_run, weekly

PAGE = "s3://vault/team/shop/probes/20261122T120000Z/index.html"
FAST = probe_result("user_by_id", 3.0)
OVER = probe_result("newest", 140.0, again=latency(138.0))
FAILED = probe_result("user_update", errors=2, error="canceling statement due to statement timeout")
SLOWER = probe_result("count", 45.0, slower=Slower(statistic="p50", usual=20.0, now=44.0, runs=5))
WANTED = IndexProposal(
    name="i",
    table="public.t",
    statement="CREATE INDEX i ON t (a);\n",
    revert="",
    probes=("newest", "count"),
    why="Why.",
)
GONE = replace(WANTED, name="gone", probes=("user_by_id",), origin="baseline")


def report(*results: ProbeResult, history: Sequence[ProbeRun] = (), **more: Any) -> ProbeReport:
    return ProbeReport.of(probe_run(*results, **more), history, ProbeOptions())


# ---------------------------------------------------------------------------------------------------------- the remedy


def test_where_nothing_is_to_be_done_nothing_is_said() -> None:
    assert remedy(report(FAST)) == ""
    assert remedy(report(FAST, proposals=(WANTED,), page=PAGE)) == ""


def test_what_is_proposed_for_what_is_bad_is_to_be_tried() -> None:
    place = "s3://vault/team/shop/probes/20261122T120000Z/migrations/"
    bad = replace(OVER, advice=(Advice(kind="missing_index", sentence="It reads all."),))
    log = "The log has the plans and what they lack. "
    assert remedy(report(bad, proposals=(WANTED,))) == f"{log}Try what is proposed."
    assert remedy(report(bad, proposals=(WANTED,), page=PAGE)) == (
        f"{log}Review and try the proposed index: its migration lies below {place}."
    )
    assert remedy(report(bad, proposals=(WANTED, replace(WANTED, name="j")), page=PAGE)) == (
        f"{log}Review and try the proposed indexes: their migrations lie below {place}."
    )
    assert remedy(report(bad, proposals=(replace(WANTED, probes=("other",)),), page=PAGE)) == log.strip()


def test_an_index_that_is_gone_is_not_proposed_but_asked_after() -> None:
    one = remedy(report(FAST, proposals=(GONE,), page=PAGE))
    assert one == "Find out who dropped the index that is gone, and create it again."
    two = remedy(report(FAST, proposals=(GONE, replace(GONE, name="h")), page=PAGE))
    assert two == "Find out who dropped the indexes that are gone, and create them again."
    of_a_bad_one = replace(GONE, probes=("newest",))
    assert "Review and try" not in remedy(report(OVER, proposals=(of_a_bad_one,), page=PAGE))


def test_what_is_as_fast_as_it_can_be_needs_another_budget_and_nothing_else() -> None:
    assert remedy(report(OVER)) == "An operation that is as fast as it can be needs another budget."


def test_what_a_replica_ends_is_asked_of_the_primary() -> None:
    ended = replace(FAILED, error="canceling statement due to conflict with recovery")
    assert remedy(report(ended)) == (
        "Let probes.connection name the primary for user_update: a replica has no rows of unlogged tables, and ends "
        "what hinders its replay."
    )


def test_only_what_may_hold_a_lock_and_does_is_told_of_who_holds_it() -> None:
    def item(name: str, status: Literal["ok", "warning"]) -> HealthItem:
        return HealthItem(name=name, value="process 7", threshold="none", status=status, remedy="")

    health = (
        item("blocked sessions", "warning"),
        item("idle in transaction", "ok"),
        item("dead rows", "warning"),
        item("longest transaction", "warning"),
    )
    waited = replace(FAILED, error="lock timeout")
    assert remedy(report(waited, health=health)) == (
        "Find who holds the lock that user_update waited for: blocked sessions, process 7; longest transaction, "
        "process 7."
    )


@pytest.mark.parametrize(
    ("bad", "is_told"),
    [
        (OVER, True),
        (replace(OVER, advice=(Advice(kind="pagination", sentence="It has no end."),)), False),
        (replace(OVER, slower=SLOWER.slower), False),
        (replace(OVER, errors=1), False),
        (SLOWER, False),
    ],
)
def test_only_what_nothing_else_explains_needs_another_budget(bad: ProbeResult, is_told: bool) -> None:
    assert ("An operation that is as fast as it can be needs another budget." in remedy(report(bad))) is is_told


def test_plans_are_in_the_log_where_there_are_any() -> None:
    shown = replace(SLOWER, explained=(Explained(shape="Seq Scan"),))
    assert remedy(report(shown)) == "The log has the plans and what they lack."
    assert remedy(report(SLOWER)) == ""


def test_what_was_never_measured_needs_room_and_what_was_not_timed_its_reason() -> None:
    again = report(FAST, left_out=("pool",), history=[probe_run(FAST, left_out=("pool",))])
    assert remedy(again) == "Make room for what was not measured, or nobody will know when it becomes slow."
    assert remedy(report()) == "See in the log why nothing was timed."


def test_only_a_statement_that_renews_statistics_is_repeated() -> None:
    advice = (
        Advice(kind="statistics", sentence="Misjudged.", sql='ANALYZE "t";\n'),
        Advice(kind="statistics", sentence="Misjudged."),
        Advice(kind="missing_index", sentence="It reads all.", sql="CREATE INDEX i ON t (a)"),
    )
    assert remedy(report(replace(SLOWER, advice=advice))) == (
        'The log has the plans and what they lack. Renew the statistics: ANALYZE "t";'
    )


# -------------------------------------------------------------------------------------------------------- the sections


def test_a_run_is_counted_by_what_is_wrong_first_of_all() -> None:
    both = replace(SLOWER, probe="both", budget_ms=10.0)
    assert report(FAST, OVER, SLOWER, both, FAILED).counts() == {
        "operations": 5,
        "failed": 1,
        "slower": 2,
        "over budget": 1,
    }


def test_several_that_are_bad_alike_are_counted_together_and_what_is_not_so_is_not_counted() -> None:
    def said(*results: ProbeResult) -> str:
        headline = report(FAST, *results).headline()
        return headline.partition(" operations of shop ")[2].removesuffix(".")

    other = replace(OVER, probe="other")
    both = replace(SLOWER, probe="both", budget_ms=10.0)
    assert said(OVER, other) == "2 are over their budget"
    assert said(OVER, other, FAILED) == "1 failed and 2 are over their budget"
    assert said(FAILED, replace(FAILED, probe="b")) == "2 failed"
    assert said(SLOWER, replace(SLOWER, probe="b")) == "2 are slower than usual"
    assert said(both, replace(both, probe="b")) == "2 are slower than usual (2 of them over their budget too)"


@pytest.mark.parametrize(("letters", "is_cut"), [(160, False), (161, True)])
def test_of_an_error_a_hundred_and_sixty_letters_are_told_without_its_full_stop(letters: int, is_cut: bool) -> None:
    said = report(replace(FAILED, error=f"{'X' * letters}.")).headline()
    assert f"in 40 ({'X' * 160}{'…' if is_cut else ''})." in said


def test_when_all_is_well_every_one_is_counted_and_what_was_asked_is_told() -> None:
    found = report(FAST, replace(FAST, probe="b"), history=[probe_run(FAST)] * 3)
    assert found.headline() == "Every one of 2 operations of shop is within its budget and no slower than usual."
    assert (found.started, found.finished) == (found.record.started, found.record.finished)
    assert (
        report(FAST, history=[probe_run(FAST)] * 3)
        .markdown()
        .startswith(
            "**The only operation of shop is within its budget and no slower than usual.**\n\n"
            "- Operations that work: User 1/1\n- All operations: 3.0 ms on average, p95 3.0 ms, of 40 samples\n"
            "- Slowest operation: user_by_id\n"
            "- Operations above 100 ms (p95): none\n"
        )
    )


def test_of_two_that_are_bad_each_says_what_is_wrong_with_it() -> None:
    two = report(OVER, SLOWER, left_out=("a", "b"), history=[probe_run(left_out=("a", "b"))])
    assert two.told(OVER).startswith("newest (newest) is over its budget: its p95 is 140 ms, and 100 ms are allowed.")
    assert two.markdown().split("\n\n")[1].splitlines() == [
        f"- {two.told(SLOWER)}",
        f"- {two.told(OVER)}",
        "- Not measured in the last run either: a, b.",
    ]


def test_a_tail_that_has_stayed_slow_has_settled_by_its_p95() -> None:
    tail = probe_result("count", latency=latency_of([20.0] * 30 + [90.0] * 10))
    slow = replace(tail, slower=Slower(statistic="p95", usual=20.0, now=90.0, runs=5))
    history = weekly([*[probe_result("count", 20.0)] * 5, *[slow] * 4])
    assert report(tail, history=history).settled == ("count",)
    assert report(probe_result("count", 20.0), history=history).recovered == ("count",)


def test_what_was_slow_by_its_p50_is_well_again_by_its_p50_whatever_its_tail() -> None:
    history = weekly([*[probe_result("count", 20.0)] * 5, *[SLOWER] * 4])
    tail = probe_result("count", latency=latency_of([20.0] * 30 + [90.0] * 10))
    assert report(tail, history=history).recovered == ("count",)


@pytest.mark.parametrize(
    ("trip", "usual_trip", "reason"),
    [
        (6.0, 1.0, "The reason is not known: nothing else"),
        (6.1, 1.0, "Likely reason: the way to the server. A round trip took 1.0 ms"),
        (6.1, None, "The reason is not known: nothing else"),
    ],
)
def test_the_way_is_the_reason_from_more_than_a_fifth_of_what_was_lost_on(
    trip: float, usual_trip: float | None, reason: str
) -> None:
    slower = replace(SLOWER, slower=Slower(statistic="p50", usual=20.0, now=45.0, runs=5))
    run = probe_run(slower, round_trip=replace(latency(1.0), p50=trip))
    assert likely_reason(slower, run, {}, usual_trip).startswith(reason)


@pytest.mark.parametrize(("now", "is_told"), [(25.0, False), (25.1, True)])
def test_all_are_slower_where_they_take_more_than_a_quarter_longer(now: float, is_told: bool) -> None:
    results = [probe_result(name, latency=replace(latency(1.0), p50=now)) for name in ("a", "b", "c")]
    usually = {name: Usual(p50=20.0, p95=20.0, runs=3) for name in ("a", "b", "c")}
    said = likely_reason(SLOWER, probe_run(*results), usually, None)
    assert ("something that concerns all. 3 of 3 operations" in said) is is_told


def test_of_what_always_was_slow_and_has_no_plan_nothing_is_known() -> None:
    half = replace(OVER, latency=replace(latency(1.0), p50=140.0))
    assert likely_reason(half, probe_run(half, round_trip=replace(latency(1.0), p50=70.0)), {}, None) == (
        "The reason is not known."
    )


@pytest.mark.parametrize(
    ("results", "more", "is_old"),
    [
        ((OVER,), {}, True),
        ((OVER, FAST), {}, True),
        ((OVER,), {"left_out": ("pool",)}, False),
        ((OVER,), {"proposals": (GONE,)}, False),
        ((OVER,), {"proposals": (WANTED,)}, True),
        ((replace(OVER, errors=1),), {}, False),
        ((replace(OVER, slower=SLOWER.slower),), {}, False),
        ((OVER, replace(OVER, probe="new")), {}, False),
        ((FAST,), {}, False),
    ],
)
def test_old_news_is_that_only_what_was_over_its_budget_still_is(
    results: tuple[ProbeResult, ...], more: dict[str, Any], is_old: bool
) -> None:
    assert report(*results, history=[probe_run(OVER)], **more).is_old_news is is_old


def test_an_index_that_is_gone_is_told_with_who_asks_for_it() -> None:
    two = report(FAST, proposals=(GONE, replace(GONE, name="h", probes=("a", "b"))))
    assert list(two.besides()) == [
        "The index gone on public.t is gone. schema.yaml demands it, and it is asked for by user_by_id.",
        "The index h on public.t is gone. schema.yaml demands it, and it is asked for by a, b.",
    ]
    assert "; 2 indexes are gone that schema.yaml demands. What is usual" in two.headline()


def test_of_all_that_is_wrong_beside_the_operations_the_headline_says_how_much() -> None:
    left = report(FAST, left_out=("a", "b"), proposals=(GONE,))
    assert left.headline() == (
        "1 of 3 operations of shop is within its budget; 2 were not measured; 1 index is gone that schema.yaml "
        "demands. What is usual is not known until there have been three runs."
    )


def test_a_plan_is_shown_in_full_and_by_its_shape_where_it_is_not_known() -> None:
    plans = (
        Explained(kind="heavy", line=12, shape="Sort > Seq Scan", before="Index Scan", text="Sort\n  Seq Scan\n"),
        Explained(line=3, shape="Seq Scan", before="Seq Scan"),
    )
    advice = (Advice(kind="statistics", sentence="Its rows are *misjudged*.", sql='ANALYZE "t";\n'),)
    shown = report(replace(OVER, title="the <newest>", explained=plans, advice=advice)).markdown()
    assert (
        "### newest: the \\<newest\\>\n\nIts rows are \\*misjudged\\*.\n\n"
        '```sql\nANALYZE "t";\n```\n\n'
        "The plan of line 12 for heavy was `Index Scan` when it was last well, and is now `Sort > Seq Scan`:\n\n"
        "```\nSort\n  Seq Scan\n```\n\nThe plan of line 3:\n\n```\nSeq Scan\n```"
    ) in shown


def test_what_is_explained_by_a_plan_or_by_advice_alone_is_explained() -> None:
    by_plan = replace(OVER, explained=(Explained(shape="Seq Scan"),))
    by_advice = replace(OVER, advice=(Advice(kind="pagination", sentence="It has no end."),))
    for one in (by_plan, by_advice):
        assert "### newest: newest" in report(one).markdown()
    assert "###" not in report(OVER).markdown()


def test_what_was_left_out_stands_below_its_title() -> None:
    shown = report(FAST, notes=("Cut *short*.", "Left out.")).markdown()
    assert "\n\nWhat was left out or cut short:\n\n- Cut \\*short\\*.\n- Left out." in shown


def test_where_only_pools_were_timed_none_is_the_slowest_operation() -> None:
    pool = report(probe_result("pool", 300.0, waits=latency(200.0))).markdown()
    assert "Slowest operation" not in pool
    assert "- Connection pools: pool 300 ms\n" in pool
    assert "Connection pools" not in report(FAST).markdown()


def test_a_proposal_is_shown_with_why_for_whom_and_that_nobody_has_tried_it() -> None:
    shown = report(OVER, proposals=(WANTED,), page=PAGE).markdown()
    assert (
        "### Proposed indexes\n\nThey are unproven: nobody has tested yet whether they help. Each is a migration, "
        "ready "
        "to be reviewed, below `s3://vault/team/shop/probes/20261122T120000Z/migrations/`.\n\n"
        "Why. Asked for by newest, count; unproven:\n\n```sql\nCREATE INDEX i ON t (a);\n```"
    ) in shown
    assert "whether they help.\n\n" in report(OVER, proposals=(WANTED,)).markdown()


def test_of_the_servers_health_a_worry_comes_first_and_what_nobody_knows_before_what_is_well() -> None:
    fine = HealthItem(name="cache", value="99 %", threshold="90 %", status="ok", remedy="")
    unseen = HealthItem(name="slots", value="", threshold="", status="unknown", remedy="GRANT pg_monitor.")
    ill = HealthItem(name="dead rows", value="60 %", threshold="20 %", status="warning", remedy="Vacuum it.")
    shown = report(FAST, health=(fine, unseen, ill)).markdown()
    assert (
        "| health | value | threshold | status |\n| --- | --- | --- | --- |\n| dead rows | 60 % | 20 % | warning |\n"
        "| slots |  |  | unknown |\n| cache | 99 % | 90 % | ok |\n\n- dead rows: Vacuum it.\n- slots: GRANT pg_monitor."
    ) in shown
    assert report(FAST, health=(fine,)).markdown().endswith("| cache | 99 % | 90 % | ok |")


def test_of_no_time_at_all_all_of_it_is_the_way() -> None:
    nothing = replace(latency(1.0), p50=0.0)
    found = distance(probe_run(probe_result(latency=nothing), round_trip=nothing))
    assert "of the 0.00 ms of a typical operation 100% are the way there and back." in found
