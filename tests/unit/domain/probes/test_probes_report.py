"""A probe report: what passed, what is slow and since when, why, and how far away the server is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.health.item import HealthItem
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.complaint import complaint
from dbops.domain.probes.distance import distance
from dbops.domain.probes.report import ProbeReport
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun, Slower
from dbops.domain.query_plan.advice import Advice, IndexProposal
from dbops.domain.report import Verdict
from tests.unit.probe_samples import latency, latency_of, probe_result, probe_run, weekly

INDEX = Advice(kind="missing_index", sentence="It sorts 40,000 rows, and no index has them in that order.")
PROPOSAL = IndexProposal(
    name="Summary_userId_createdAt_idx",
    table="Summary",
    statement='CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "Summary" ("userId", "createdAt" DESC);',
    revert='DROP INDEX CONCURRENTLY "Summary_userId_createdAt_idx";',
    probes=("newest",),
    why="Rows are sorted after all of a user's have been read.",
)
PAGE = "s3://vault/team/shop/probes/20261122T120000Z/index.html"

FAST = probe_result("user_by_id", 3.0)
FAILED = probe_result("user_update", errors=2, error="canceling statement due to lock timeout")
OVER = probe_result("newest", 140.0, model="Summary", again=latency(138.0), advice=(INDEX,))
SLOWER = probe_result(
    "count",
    45.0,
    model="UsageEvent",
    again=latency(44.0),
    slower=Slower(statistic="p50", usual=20.0, now=44.0, runs=5),
)


def report(*results: ProbeResult, history: Sequence[ProbeRun] = (), **more: Any) -> ProbeReport:
    return ProbeReport.of(probe_run(*results, **more), history, ProbeOptions())


def before(*results: ProbeResult, runs: int = 3) -> list[ProbeRun]:
    return [probe_run(*results) for _ in range(runs)]


# --------------------------------------------------------------------------------------------- verdict and headline


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((FAST,), Verdict.OK),
        ((FAST, OVER), Verdict.WARNING),
        ((FAST, SLOWER), Verdict.WARNING),
        ((FAST, OVER, FAILED), Verdict.FAILED),
        ((FAST, probe_result("none", latency=None)), Verdict.FAILED),
        ((), Verdict.WARNING),
    ],
)
def test_the_verdict_is_that_of_the_worst_operation(results: tuple[ProbeResult, ...], verdict: Verdict) -> None:
    assert report(*results).verdict is verdict


def test_the_health_of_the_server_is_shown_and_is_no_verdict() -> None:
    ill = HealthItem(
        name="dead rows", value="60 %", threshold="20 %", status="warning", remedy="Vacuum the table Summary."
    )
    shown = report(FAST, health=(ill,))
    assert shown.verdict is Verdict.OK
    assert "| dead rows | 60 % | 20 % | warning |" in shown.markdown()
    assert "- dead rows: Vacuum the table Summary." in shown.markdown()


def test_when_all_is_well_one_sentence_says_so() -> None:
    assert report(FAST).headline() == (
        "The only operation of shop is within its budget. What is usual is not known until there have been three runs."
    )
    assert report(FAST, SLOWER).headline().startswith("count of shop is slower")
    assert report(FAST, history=before(FAST)).headline() == (
        "The only operation of shop is within its budget and no slower than usual."
    )
    assert report().headline() == "No operation of shop was timed."


def test_one_that_is_bad_is_named_with_what_it_was_and_is() -> None:
    assert report(FAST, SLOWER).headline() == (
        "count of shop is slower than usual: its p50 was 20 ms and is now 44 ms."
    )
    assert report(FAST, OVER).headline() == (
        "newest of shop is over its budget: its p95 is 140 ms, and 100 ms are allowed."
    )
    assert report(FAILED).headline() == (
        "user_update of shop failed 2 times in 40 (canceling statement due to lock timeout)."
    )


def test_what_failed_once_failed_1_time_and_what_was_not_asked_has_no_number() -> None:
    assert report(replace(FAILED, errors=1, asked=1, latency=None)).headline() == (
        "user_update of shop failed 1 time in 1 (canceling statement due to lock timeout)."
    )
    assert report(probe_result("newest", latency=None)).headline() == "newest of shop failed, for no sample was taken."


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (101, "101st"),
        (111, "111th"),
    ],
)
def test_runs_are_counted_as_people_count(runs: int, said: str) -> None:
    assert complaint(OVER, runs).endswith(f", for the {said} run in a row")
    assert not complaint(OVER, 1).endswith("in a row")


def test_several_that_are_bad_are_counted_each_once_by_the_worst_of_it() -> None:
    both = replace(SLOWER, probe="both", budget_ms=10.0)
    assert report(FAST, OVER, SLOWER, both, FAILED).headline() == (
        "Of 5 operations of shop 1 failed, 2 are slower than usual (1 of them over its budget too) and 1 is over its "
        "budget."
    )
    assert "1 is slower than usual (over its budget too)" in report(OVER, both).headline()
    assert [one.probe for one in report(FAST, OVER, SLOWER, FAILED).bad] == ["user_update", "count", "newest"]


def test_one_that_is_both_slower_and_over_its_budget_is_one_sentence() -> None:
    both = replace(SLOWER, budget_ms=10.0)
    assert report(both, history=[probe_run(both)]).headline() == (
        "count of shop is slower than usual (p50 was 20 ms and is now 44 ms) and over its budget (p95 is 45 ms, and "
        "10 ms are allowed, for the 2nd run in a row)."
    )


def test_what_a_server_says_at_length_is_cut() -> None:
    said = report(replace(FAILED, error="no " * 100)).headline()
    assert said.endswith("…).")
    assert len(said) < 250


def test_what_was_not_measured_is_in_the_headline() -> None:
    assert report(FAST, OVER, FAILED, left_out=("pool",)).headline() == (
        "Of 4 operations of shop 1 failed and 1 is over its budget; 1 was not measured."
    )
    assert report(FAST, OVER, left_out=("pool",)).headline().endswith("100 ms are allowed; 1 was not measured.")
    well = report(FAST, probe_result("other"), history=before(FAST), left_out=("pool",))
    assert well.headline() == (
        "2 of 3 operations of shop are within their budget and no slower than usual; 1 was not measured."
    )
    assert well.verdict is Verdict.OK


def test_what_was_not_measured_twice_in_a_row_is_a_warning() -> None:
    last = probe_run(FAST, left_out=("pool", "other"))
    found = report(FAST, left_out=("pool", "third"), history=[last])
    assert (found.left_out_again, found.verdict) == (("pool",), Verdict.WARNING)
    assert "- Not measured in the last run either: pool." in found.markdown()
    assert not report(OVER, left_out=("pool",), history=[probe_run(OVER)]).is_old_news


def test_it_says_for_how_many_runs_in_a_row_a_budget_was_not_kept() -> None:
    history = [probe_run(OVER), probe_run(replace(OVER, again=latency(20.0))), probe_run(OVER), probe_run(OVER)]
    shown = report(OVER, history=history)
    assert shown.headline().endswith("and 100 ms are allowed, for the 3rd run in a row.")
    assert shown.is_old_news
    assert not report(OVER, SLOWER, history=history).is_old_news
    assert not report(OVER).is_old_news


# --------------------------------------------------------------------------------------------- what is over again


def test_what_is_well_again_is_told() -> None:
    well = probe_result("count", 20.0)
    shown = report(FAST, well, history=[*before(FAST, well), probe_run(FAST, SLOWER)])
    assert (shown.recovered, shown.settled) == (("count",), ())
    assert "- Well again: count" in shown.markdown()


def test_what_has_stayed_slow_is_not_called_well_again() -> None:
    usually = probe_result("count", 20.0)
    history = weekly([*[usually] * 5, *[SLOWER] * 4])
    shown = report(probe_result("count", 45.0), history=history)
    assert (shown.recovered, shown.settled, shown.verdict) == ((), ("count",), Verdict.OK)
    assert "count has stayed as slow as it became: a p50 of 44 ms is what is usual from now on." in shown.markdown()


def test_what_got_faster_as_soon_as_its_slowness_was_usual_is_well_again() -> None:
    history = weekly([*[probe_result("count", 20.0)] * 5, *[SLOWER] * 4])
    assert report(probe_result("count", 20.0), history=history).recovered == ("count",)


def test_an_operation_that_is_not_asked_any_more_is_not_well_again() -> None:
    assert report(FAST, history=[probe_run(FAST, FAILED)]).recovered == ()


# ------------------------------------------------------------------------------------------------------ likely reason


def reason(result: ProbeResult, *others: ProbeResult, history: Sequence[ProbeRun] = (), **more: Any) -> str:
    return report(result, *others, history=history, **more).reason(result)


CHANGED = Advice(kind="plan_changed", sentence="The plan is another one: from Index Scan to Seq Scan.")


def test_a_changed_plan_is_the_reason_before_anything_around() -> None:
    changed = replace(SLOWER, advice=(CHANGED,))
    assert reason(changed, round_trip=latency(90.0)) == "Likely reason: its plan has changed."
    assert reason(replace(SLOWER, advice=(INDEX, CHANGED))) == (
        f"Likely reason: its plan has changed. {INDEX.sentence}"
    )


def test_a_changed_plan_that_no_advice_blames_is_no_reason() -> None:
    shown = Explained(shape="Seq Scan", before="Index Scan", text="Seq Scan on ...")
    assert reason(replace(SLOWER, explained=(shown,))).startswith("The reason is not known")


def test_a_trigger_that_takes_the_time_is_the_reason_before_a_changed_plan() -> None:
    trigger = Advice(kind="trigger", sentence="The trigger audit of User took 30 ms of the 31 ms.")
    assert reason(replace(SLOWER, advice=(trigger, INDEX, CHANGED)), round_trip=latency(90.0)) == (
        "Likely reason: The trigger audit of User took 30 ms of the 31 ms."
    )


def test_a_round_trip_that_grew_is_the_way_to_the_server() -> None:
    history = before(probe_result("count", 20.0))
    assert reason(SLOWER, history=history, round_trip=latency(9.0)) == (
        "Likely reason: the way to the server. A round trip took 0.40 ms in the last runs, and takes 9.0 ms now."
    )


@pytest.mark.parametrize(("trip", "is_told"), [(5.1, False), (5.3, True)])
def test_a_round_trip_is_the_reason_where_it_grew_by_more_than_a_fifth_of_what_the_operation_lost(
    trip: float, is_told: bool
) -> None:
    said = reason(SLOWER, history=before(probe_result("count", 20.0)), round_trip=latency(trip))
    assert ("the way to the server" in said) is is_told  # of 24 ms it lost


@pytest.mark.parametrize(
    ("slow", "calm", "is_told"), [(1, 0, False), (2, 0, True), (1, 1, True), (1, 2, False), (0, 2, False)]
)
def test_the_server_is_busy_where_more_than_half_of_three_or_more_are_slower(
    slow: int, calm: int, is_told: bool
) -> None:
    names = [f"p{number}" for number in range(slow + calm)]
    history = before(*(probe_result(name, 20.0) for name in ("count", *names)))
    others = [probe_result(name, 26.0 if number < slow else 24.5) for number, name in enumerate(names)]
    assert ("concerns all" in reason(SLOWER, *others, history=history)) is is_told


@pytest.mark.parametrize(("trip", "is_told"), [(69.0, False), (71.0, True)])
def test_the_way_is_why_an_operation_always_was_slow_where_it_is_more_than_half_of_it(
    trip: float, is_told: bool
) -> None:
    said = reason(replace(OVER, advice=()), round_trip=latency(trip))
    assert ("the way to the server" in said) is is_told


def test_when_most_operations_are_slower_the_server_is_busy() -> None:
    names = ("count", "a", "b", "c")
    history = before(*(probe_result(name, 20.0) for name in names))
    others = [probe_result(name, 26.0) for name in ("a", "b")]
    assert reason(SLOWER, *others, probe_result("c", 20.0), history=history).startswith(
        "Likely reason: something that concerns all. 3 of 4 operations take noticeably longer than usual"
    )
    calm = [probe_result(name, 20.0) for name in ("a", "b", "c")]
    assert reason(SLOWER, *calm, history=history).startswith("The reason is not known: nothing else")


def test_what_always_was_slow_is_explained_by_what_its_plan_lacks() -> None:
    assert reason(OVER, round_trip=latency(90.0)) == f"Likely reason: {INDEX.sentence}"
    assert reason(replace(OVER, advice=()), round_trip=latency(90.0)) == (
        "Likely reason: the way to the server. A round trip alone takes 90 ms."
    )
    assert reason(replace(OVER, advice=(), explained=(Explained(shape="Index Scan"),))) == (
        "The reason is not known: its plan shows nothing that would make it faster."
    )


def test_a_pool_waits_for_its_connections() -> None:
    pool = replace(OVER, advice=(), waits=latency(120.0))
    assert reason(pool, connect=latency(30.0)) == (
        "Likely reason: connecting and logging in, which takes 30 ms for one connection alone."
    )


def test_what_failed_needs_no_guess() -> None:
    assert reason(FAILED) == ""


# ------------------------------------------------------------------------------------------------------- for people


def test_slow_and_far_away_are_told_apart() -> None:
    pool = probe_result("pool", 300.0, waits=latency(200.0))
    near = probe_run(probe_result("a", 4.0), pool, round_trip=latency(0.2), connect=latency(8.0))
    assert distance(near) == (
        "A round trip takes 0.20 ms, connecting and logging in 8.0 ms. The server is near: of the 4.0 ms of a typical "
        "operation 5% are the way there and back, so what is slow is slow in the database."
    )
    far = probe_run(probe_result("a", 34.0), round_trip=latency(31.0), connect=latency(130.0))
    assert "The server is far away rather than slow: of the 34 ms of a typical operation 91% are the way" in (
        distance(far)
    )
    assert distance(probe_run(round_trip=latency(31.0))).endswith("6.0 ms.")


@pytest.mark.parametrize(
    ("trip", "said"), [(1.9, "is near: "), (2.0, "is far away rather"), (9.0, "of a typical operation 100% are")]
)
def test_a_server_is_far_away_from_half_of_a_typical_operation_on(trip: float, said: str) -> None:
    assert said in distance(probe_run(probe_result("a", 4.0), round_trip=latency(trip)))


def test_what_takes_100_ms_is_not_above_100_ms() -> None:
    assert "- Operations above 100 ms (p95): none" in report(probe_result("even", 100.0)).markdown()


def test_the_page_has_all_operations_at_one_glance() -> None:
    tag = probe_result("tags", latency=latency_of([1.0] * 39 + [250.0]), model="Category/Tag")
    text = report(FAST, FAILED, OVER, tag).markdown()
    assert "- Operations that work: User 1/2, Summary 1/1, Category/Tag 1/1" in text
    assert "- All operations: 38 ms on average, p95 140 ms, of 160 samples" in text
    assert "- Slowest operation: newest" in text
    assert "- Operations above 100 ms (p95): newest 140 ms" in text


def test_pools_are_not_among_the_operations_that_are_added_up() -> None:
    pool = probe_result("pool", 300.0, budget_ms=2000.0, model="pooling", waits=latency(200.0))
    text = report(FAST, pool).markdown()
    assert "- Operations that work: User 1/1, pooling 1/1" in text
    assert "- All operations: 3.0 ms on average, p95 3.0 ms, of 40 samples" in text
    assert "- Slowest operation: user_by_id" in text
    assert "- Connection pools: pool 300 ms" in text
    assert "- Operations above 100 ms (p95): pool 300 ms" in text
    assert "- All operations: nothing was timed" in report(pool).markdown()


def test_the_table_has_each_with_its_percentiles_budget_usual_and_verdict() -> None:
    text = report(FAST, replace(SLOWER, budget_ms=30.0), FAILED, history=before(FAST)).markdown()
    assert "| probe | p50 | p95 | p99 | max | budget | usual p50 / p95 | verdict |" in text
    assert "| user_by_id | 3.0 ms | 3.0 ms | 3.0 ms | 3.0 ms | 100 ms | 3.0 ms / 3.0 ms | ok |" in text
    assert "| 30 ms | not known yet | slower, over budget |" in text
    assert "| failed |" in text


def test_where_nothing_was_timed_the_page_says_why_and_has_no_table() -> None:
    text = report(notes=("Connections are scarce: 3 of 100 are free.",)).markdown()
    assert text.startswith("**No operation of shop was timed.**")
    assert "- Connections are scarce: 3 of 100 are free." in text
    assert "| probe |" not in text
    refused = report(probe_result("newest", latency=None, errors=1, error="no such column")).markdown()
    assert "- All operations: nothing was timed" in refused
    assert "| newest | - | - | - | - | 100 ms | not known yet | failed |" in refused


def test_only_what_is_not_well_is_explained() -> None:
    plan = Explained(kind="heavy", line=12, shape="Sort > Seq Scan", before="Index Scan", text="Sort\n  Seq Scan")
    statistics = Advice(kind="statistics", sentence="Its rows are misjudged.", sql='ANALYZE "Summary"')
    text = report(
        replace(FAST, explained=(plan,)), replace(OVER, explained=(plan,), advice=(INDEX, statistics))
    ).markdown()
    assert text.count("Sort\n  Seq Scan") == 1
    assert "### newest: newest" in text
    assert "The plan of line 12 for heavy was `Index Scan` when it was last well, and is now `Sort > Seq Scan`:" in text
    assert '```sql\nANALYZE "Summary"\n```' in text


def test_a_proposed_index_is_marked_as_unproven_with_its_statement_and_its_migration() -> None:
    text = report(OVER, proposals=(PROPOSAL,), page=PAGE).markdown()
    assert "They are unproven: nobody has tested yet whether they help." in text
    assert "below `s3://vault/team/shop/probes/20261122T120000Z/migrations/`" in text
    assert f"```sql\n{PROPOSAL.statement}\n```" in text


def test_what_escaped_and_what_was_left_out_is_named_and_the_page_too() -> None:
    text = report(
        FAST, escapes=("create uses the sequence Order_id_seq.",), notes=("Cut short after 5m.",), page=PAGE
    ).markdown()
    assert "What a rollback may not undo:\n\n- create uses the sequence Order_id_seq." in text
    assert "- Cut short after 5m." in text
    assert text.endswith(f"Page with charts: `{PAGE}`")


def test_an_error_text_is_shown_and_not_obeyed() -> None:
    evil = replace(FAILED, error="<b>[x](http://evil)</b>")
    assert "<b>" not in report(evil).markdown().replace("\\<b\\>", "")


def test_the_document_is_one_json_with_its_verdict() -> None:
    document = json.loads(report(FAST, OVER, history=before(FAST)).to_json())
    assert document["verdict"] == "warning"
    assert document["record"]["results"][1]["probe"] == "newest"
    assert document["usually"]["user_by_id"]["runs"] == 3
    assert document["since"] == {"newest": 1}
