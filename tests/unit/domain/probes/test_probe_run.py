"""Promise: an operation is called bad where two measurements say so, and a run is read back as it was written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbops.domain.probes.measurement import Measured, Measurement
from dbops.domain.probes.operations import in_words, passed_by_model
from dbops.domain.probes.picture import probe_picture
from dbops.domain.probes.run import ProbeRun, Slower
from dbops.domain.probes.totals import ProbeTotals
from tests.unit.probe_samples import latency, latency_of, probe, probe_result, probe_run

SLOW, QUICK, EXACT = latency(101.0), latency(3.0), latency_of([100.0] * 40)
SLOWER = Slower(statistic="p50", usual=20.0, now=44.0, runs=5)


@pytest.mark.parametrize(
    ("seen", "is_over"),
    [
        ({"latency": SLOW, "again": SLOW}, True),
        ({"latency": SLOW, "again": QUICK}, False),
        ({"latency": QUICK, "again": SLOW}, False),
        ({"latency": EXACT, "again": EXACT}, False),
        ({"latency": SLOW, "again": None}, True),
        ({"latency": SLOW, "again": None, "is_confirmed": False}, False),
        ({"latency": SLOW, "again": SLOW, "is_confirmed": False}, True),
        ({"latency": None, "again": None}, False),
    ],
)
def test_over_its_budget_is_what_every_measurement_has_seen_above_it(seen: dict[str, Any], is_over: bool) -> None:
    found = probe_result("newest", **seen)
    assert found.is_over_budget is is_over
    assert not (is_over and found.is_well)


@pytest.mark.parametrize(
    ("seen", "is_failed"),
    [
        ({"errors": 0}, False),
        ({"errors": 1}, True),
        ({"errors": 1, "is_confirmed": False}, False),
        ({"errors": 0, "is_confirmed": False}, False),
        ({"latency": None}, True),
        ({"latency": None, "is_confirmed": False}, True),
    ],
)
def test_failed_is_what_never_worked_or_did_not_in_both_measurements(seen: dict[str, Any], is_failed: bool) -> None:
    assert (probe_result("newest", **seen).is_failed, probe_result("newest", **seen).is_well) == (
        is_failed,
        not is_failed,
    )


def test_what_is_slower_than_usual_is_not_well_though_it_keeps_its_budget() -> None:
    assert not probe_result("newest", slower=SLOWER).is_well


def test_a_result_is_found_by_its_name() -> None:
    one, other = probe_result("a"), probe_result("b")
    run = probe_run(one, other)
    assert (run.of("a"), run.of("b"), run.of("c")) == (one, other, None)


def test_a_run_is_called_by_when_it_was_started_and_several_connections_at_once_are_a_pool() -> None:
    assert probe_run().probe_id == "20261122T120000Z"
    assert [probe(connections=number).is_pool for number in (1, 2, 3)] == [False, True, True]


def test_what_was_measured_is_found_by_its_name_and_what_was_not_is_missed_by_it() -> None:
    one, other = (Measured(probe=name, asked=40, latency=QUICK) for name in "ab")
    found = Measurement(measured=(one, other), round_trip=QUICK, connect=QUICK)
    assert found.names == {"a", "b"}
    assert (found.of("a"), found.of("b")) == (one, other)
    with pytest.raises(KeyError, match=r"^'c'$"):
        found.of("c")


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]"])
def test_what_is_no_run_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ProbeRun.from_json(body)


def test_a_run_of_another_format_is_refused_and_what_a_newer_version_adds_is_ignored() -> None:
    run = probe_run(probe_result())
    document = json.loads(run.to_json())
    assert ProbeRun.from_json(json.dumps({**document, "more": 1}).encode()) == run
    with pytest.raises(ValueError, match="format"):
        ProbeRun.from_json(json.dumps({**document, "format": 2}).encode())


# ------------------------------------------------------------------------------------------------- what it comes to


def test_operations_are_counted_by_their_model_in_the_order_in_which_they_come() -> None:
    passed = passed_by_model([("User", True), ("Tag", False), ("User", False), ("User", True), ("Tag", False)])
    assert passed == (("User", 2, 3), ("Tag", 0, 2))
    assert in_words(passed) == "User 2/3, Tag 0/2"
    assert in_words(passed_by_model([])) == ""


def test_the_totals_are_of_all_samples_and_rank_the_slowest_first() -> None:
    pools = [probe_result(name, wait, model="pool", waits=latency(wait)) for name, wait in (("p", 150.0), ("q", 250.0))]
    failed = probe_result("failed", latency=None, model="Tag")
    results = [probe_result("a", 120.0), *pools, failed, probe_result("b", 140.0), probe_result("c", 10.0)]

    totals = ProbeTotals.of(results)

    assert totals.passed == (("User", 3, 3), ("pool", 2, 2), ("Tag", 0, 1))
    assert (totals.samples, totals.slowest) == (120, "b")
    assert totals.average == pytest.approx(90, rel=1e-3)
    assert totals.p95 == pytest.approx(140, rel=1e-3)
    assert [name for name, _ in totals.pools] == ["q", "p"]
    assert totals.pooled() == "q 250 ms, p 150 ms"
    assert totals.slow_ones() == "q 250 ms, p 150 ms, b 140 ms, a 120 ms"
    assert totals.overall() == "90 ms on average, p95 140 ms, of 120 samples"


def test_where_nothing_was_timed_nothing_is_made_up() -> None:
    for results in ([], [probe_result(latency=None)], [probe_result(waits=latency(3.0))]):
        totals = ProbeTotals.of(results)
        assert (totals.samples, totals.average, totals.p95, totals.slowest) == (0, None, None, "")
        assert (totals.overall(), totals.slow_ones()) == ("nothing was timed", "none")


def test_a_picture_says_in_words_what_it_shows() -> None:
    found = probe_picture(probe_run(probe_result()), b"png")
    assert found.png == b"png"
    assert found.alt == "The probe is well: the p95 of each as a share of its budget, as bars."
