"""An operation is slower than usual when it is, and never because a machine is noisy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import pytest

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.history import Statistic, Usual, latencies_of, line, usual
from dbops.domain.probes.judgement import slower, suspects
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measured, Measurement
from dbops.domain.probes.run import ProbeResult, ProbeRun, Slower
from tests.unit.probe_samples import latency, latency_of, probe, probe_result, probe_run, weekly

OPTIONS = ProbeOptions()
USUAL = [latency(20.0)] * 3
NOTHING = latency(0.1, count=1)


def judged(first: Latency, again: Latency | None, history: Sequence[Latency] = USUAL) -> Slower | None:
    return slower(first, again, history, OPTIONS)


def tail(share: float, slow: float, count: int = 40) -> Latency:
    """Of that share of the samples slow, and 20 ms for all others."""
    return latency_of([slow] * round(share * count) + [20.0] * (count - round(share * count)))


# ---------------------------------------------------------------------------------------------------- one judgement


def test_twice_as_slow_twice_is_told_with_what_is_usual_and_the_calmer_measurement() -> None:
    found = judged(latency(45.0), latency(40.0))
    assert found is not None
    assert (found.statistic, found.runs) == ("p50", 3)
    assert (found.usual, found.now) == pytest.approx((20, 40), rel=0.001)


def test_what_is_not_confirmed_is_no_regression() -> None:
    assert judged(latency(45.0), latency(20.0)) is None
    assert judged(latency(20.0), latency(45.0)) is None
    assert judged(latency(45.0), None) is None


def test_fewer_than_three_runs_are_no_history() -> None:
    assert judged(latency(45.0), latency(45.0), USUAL[:2]) is None


@pytest.mark.parametrize(
    ("usually", "now", "is_slower"),
    [
        (0.24, 1.2, False),  # five times, and nobody feels 1 ms
        (0.24, 5.2, True),
        (1.0, 1.9, False),
        (1.0, 2.1, True),
        (200.0, 290.0, False),  # 90 ms, and less than half as much again
        (200.0, 310.0, True),
    ],
)
def test_the_margin_is_both_relative_and_absolute(usually: float, now: float, is_slower: bool) -> None:
    found = judged(latency(now), latency(now), [latency(usually)] * 3)
    assert (found is not None) is is_slower


@pytest.mark.parametrize(
    ("usually", "by", "above"), [(1.0, "p50", 2.0), (1.0, "p95", 6.0), (200.0, "p50", 300.0), (200.0, "p95", 300.0)]
)
def test_the_line_is_where_the_options_put_it(usually: float, by: Statistic, above: float) -> None:
    assert line(usually, OPTIONS, by) == pytest.approx(above, rel=1e-6)


@pytest.mark.parametrize(("slow", "is_slower"), [(5.9, False), (6.1, True)])
def test_a_slow_tail_of_a_quick_operation_has_the_whole_absolute_margin(slow: float, is_slower: bool) -> None:
    now = latency_of([1.0] * 30 + [slow] * 10)
    found = judged(now, now, [latency(1.0)] * 3)
    assert (found is not None) is is_slower
    assert found is None or found.statistic == "p95"


def test_what_the_history_has_shown_before_is_no_news() -> None:
    shown = [latency(20.0)] * 4 + [latency(50.0)]
    assert judged(latency(45.0), latency(45.0), shown) is None
    assert judged(latency(55.0), latency(55.0), shown) is not None


def test_what_is_exactly_as_slow_as_the_history_has_shown_is_no_news() -> None:
    assert judged(latency(50.0), latency(50.0), [latency(20.0)] * 4 + [latency(50.0)]) is None


def test_a_p50_is_compared_with_the_p50s_before_and_not_with_the_tails_beside_them() -> None:
    found = judged(latency(45.0), latency(45.0), [tail(0.25, 90.0)] * 3)
    assert found is not None
    assert (found.statistic, round(found.usual)) == ("p50", 20)


def test_a_p50_is_told_and_not_the_tail_beside_it() -> None:
    tailed = latency_of([45.0] * 30 + [90.0] * 10)
    for first, again in ((tailed, latency(60.0)), (latency(60.0), tailed)):
        found = judged(first, again)
        assert found is not None
        assert (found.statistic, round(found.now)) == ("p50", 45)


def test_a_slow_tail_is_found_by_the_p95_where_the_p50_does_not_know() -> None:
    found = judged(tail(0.25, 90.0), tail(0.25, 80.0))
    assert found is not None
    assert (found.statistic, round(found.usual), round(found.now)) == ("p95", 20, 80)


def test_three_stalls_in_forty_samples_move_the_p95_and_say_nothing() -> None:
    stalled = tail(3 / 40, 300.0)
    assert stalled.p95 > 250
    assert judged(stalled, stalled) is None


@pytest.mark.parametrize(("slow", "by"), [(6, None), (7, "p95"), (22, "p95"), (23, "p50")])
def test_of_forty_samples_seven_slow_ones_tell_of_the_p95_and_twenty_three_of_the_p50(
    slow: int, by: Statistic | None
) -> None:
    now = tail(slow / 40, 90.0)
    found = judged(now, now)
    assert (found and found.statistic) == by


def test_one_or_two_samples_prove_nothing_by_themselves() -> None:
    assert judged(latency_of([90.0]), latency_of([90.0])) is None
    assert judged(latency_of([90.0, 20.0]), latency_of([20.0, 90.0])) is None


def test_two_samples_that_are_slow_both_times_are_four_and_tell_of_the_p50() -> None:
    found = judged(latency_of([90.0, 90.0]), latency_of([90.0, 90.0]))
    assert (found and found.statistic) == "p50"


@pytest.mark.parametrize(("count", "of_the_p50", "of_the_p95"), [(10, 7, 4), (20, 13, 5), (60, 34, 8)])
def test_how_many_slow_samples_tell_depends_on_how_many_there_are(count: int, of_the_p50: int, of_the_p95: int) -> None:
    def told(slow: int) -> Statistic | None:
        now = tail(slow / count, 90.0, count)
        found = judged(now, now)
        return found.statistic if found else None

    assert [told(slow) for slow in (of_the_p95 - 1, of_the_p95)] == [None, "p95"]
    assert [told(slow) for slow in (of_the_p50 - 1, of_the_p50)] == ["p95", "p50"]


@pytest.mark.parametrize(("slow", "by"), [(551, None), (552, "p95"), (5034, "p95"), (5035, "p50")])
def test_a_probe_of_as_many_samples_as_it_may_have_is_judged_too(slow: int, by: Statistic | None) -> None:
    now = tail(slow / 10_000, 90.0, 10_000)
    found = judged(now, now)
    assert (found and found.statistic) == by


def test_one_odd_run_of_twenty_is_none_that_the_history_has_shown() -> None:
    assert judged(latency(45.0), latency(45.0), [*[latency(20.0)] * 18, latency(50.0)]) is None
    assert judged(latency(45.0), latency(45.0), [*[latency(20.0)] * 19, latency(50.0)]) is not None


# -------------------------------------------------------------------------------------------- a machine that is noisy


# To put a latency together takes most of the time of these tests. The machines are the same ones each time, so whoever
# runs the tests again in the same process, as `make mutants` does for each change, need not wait for theirs again.
measured_once = cache(latency_of)


@dataclass(frozen=True)
class Machine:
    """An operation of about ``usually`` ms on a machine whose mood is another one each run, that stalls at times."""

    random: Random
    usually: float
    spread: float
    samples: int
    stalls: float

    def measure(self, mood: float, times: float = 1.0) -> Latency:
        return measured_once(
            tuple(
                mood
                * (
                    times * self.usually * self.random.lognormvariate(0, self.spread)
                    + (self.random.uniform(20, 300) if self.random.random() < self.stalls else 0)
                )
                for _ in range(self.samples)
            )
        )

    def probe(self, history: Sequence[ProbeRun], times: float = 1.0) -> ProbeResult:
        """One run as the job makes it: measured again where suspected, and then judged."""
        mood = self.random.lognormvariate(0, 0.05)
        first = self.measure(mood, times)
        before = latencies_of("op", history, OPTIONS)
        measured = Measurement(
            measured=(Measured(probe="op", asked=self.samples, latency=first),), round_trip=NOTHING, connect=NOTHING
        )
        suspected = suspects(measured, [probe("op", budget_ms=1e6)], history, OPTIONS)
        again = self.measure(mood, times) if suspected else None
        return probe_result("op", latency=first, again=again, slower=slower(first, again, before, OPTIONS))


def machines(seeds: range, usually: float | None = None) -> Iterator[Machine]:
    for seed in seeds:
        random = Random(seed)  # noqa: S311 - noise, no secret
        yield Machine(
            random=random,
            usually=usually or random.choice((0.3, 4, 20, 80, 300)),
            spread=random.uniform(0.1, 0.4),
            samples=random.choice((20, 40, 60)),
            stalls=random.uniform(0, 0.03),
        )


def test_repeating_a_run_on_an_unchanged_machine_raises_no_alert() -> None:
    alerts = 0
    for machine in machines(range(120)):
        history: list[ProbeRun] = []
        for _ in range(machine.random.randint(5, 10)):
            result = machine.probe(history)
            alerts += result.slower is not None
            history.append(probe_run(result))
    assert alerts == 0


def test_twice_the_latency_of_an_operation_of_20_ms_is_always_found() -> None:
    for machine in machines(range(1000, 1060), usually=20):
        steady = replace(machine, samples=40, spread=min(machine.spread, 0.3))
        history: list[ProbeRun] = []
        for _ in range(5):
            history.append(probe_run(steady.probe(history)))
        assert steady.probe(history, times=2.0).slower is not None


def test_an_operation_below_a_millisecond_that_takes_5_ms_is_always_found() -> None:
    for machine in machines(range(2000, 2060), usually=0.24):
        steady = replace(machine, samples=40)
        history: list[ProbeRun] = []
        for _ in range(5):
            history.append(probe_run(steady.probe(history)))
        assert steady.probe(history, times=5.2 / 0.24).slower is not None


# ------------------------------------------------------------------------------------------------------ the suspects


def measurement(**latencies: Latency | None) -> Measurement:
    return Measurement(
        measured=tuple(Measured(probe=name, asked=40, latency=one) for name, one in latencies.items()),
        round_trip=latency(0.3),
        connect=latency(5.0),
    )


def test_only_what_is_over_its_budget_or_slower_or_failed_is_measured_again() -> None:
    history = [probe_run(probe_result("calm", 20.0), probe_result("worse", 20.0)) for _ in range(3)]
    found = suspects(
        measurement(calm=latency(22.0), worse=latency(44.0), new=latency(44.0), over=latency(120.0), failed=None),
        [probe(name) for name in ("left_out", "calm", "worse", "new", "over", "failed")],
        history,
        OPTIONS,
    )
    assert found == ("worse", "over", "failed")


def test_what_takes_exactly_its_budget_keeps_it() -> None:
    seen = latency(44.0)
    assert suspects(measurement(new=seen), [probe("new", budget_ms=seen.p95)], [], OPTIONS) == ()
    assert probe_result("new", latency=seen, again=seen, budget_ms=seen.p95).is_well


def test_what_has_an_error_is_measured_again_too() -> None:
    measured = (
        Measured(probe="some", asked=40, latency=latency(3.0), errors=1),
        Measured(probe="all", asked=3, latency=None, errors=3),
        Measured(probe="none", asked=40, latency=latency(3.0)),
    )
    found = suspects(
        Measurement(measured=measured, round_trip=latency(0.3), connect=latency(5.0)),
        [probe(name) for name in ("left_out", "some", "all", "none")],
        [],
        OPTIONS,
    )
    assert found == ("some", "all")


# ------------------------------------------------------------------------------------------- what counts as history

SLOW = Slower(statistic="p50", usual=20.0, now=40.0, runs=3)


def slow(milliseconds: float = 40.0) -> ProbeResult:
    return probe_result("op", milliseconds, again=latency(milliseconds), slower=SLOW)


def well(milliseconds: float = 20.0) -> ProbeResult:
    return probe_result("op", milliseconds)


def counted(*results: ProbeResult) -> list[float]:
    return [round(one.p50) for one in latencies_of("op", weekly(results), OPTIONS)]


def test_runs_that_were_well_count_on_whatever_server_version() -> None:
    runs = [probe_run(well(), server_version=version) for version in ("15.9", "17.10", "18.1")]
    assert usual(latencies_of("op", runs, OPTIONS)) == Usual(p50=latency(20).p50, p95=latency(20).p95, runs=3)


def test_a_run_in_which_it_failed_or_was_not_made_counts_for_nothing() -> None:
    failed = probe_result("op", 9000.0, errors=1, error="canceling statement due to statement timeout")
    assert counted(well(), failed, probe_result("op", latency=None), probe_result("another"), well()) == [20, 20]


def test_of_two_measurements_the_calmer_one_counts() -> None:
    assert counted(probe_result("op", 50.0, again=latency(21.0)), probe_result("op", 22.0, again=latency(60.0))) == [
        21,
        22,
    ]


def test_a_change_that_lasts_is_told_four_times_and_is_then_what_is_usual() -> None:
    history = [probe_run(well()) for _ in range(5)]
    told = []
    for _ in range(6):
        found = slower(latency(40.0), latency(40.0), latencies_of("op", history, OPTIONS), OPTIONS)
        told.append(found is not None)
        history.append(probe_run(replace(slow(), slower=found)))
    assert told == [True, True, True, True, False, False]


def test_a_change_on_top_of_a_change_is_told_again() -> None:
    history = weekly([*[well()] * 5, *[slow()] * 4])
    found = slower(latency(80.0), latency(80.0), latencies_of("op", history, OPTIONS), OPTIONS)
    assert found is not None
    assert round(found.usual) == 40


def test_an_incident_that_is_over_is_forgotten_so_that_the_next_one_is_news() -> None:
    assert counted(*[well()] * 3, *[slow()] * 3, *[well()] * 2, slow()) == [20] * 5


def test_a_change_for_the_better_is_usual_after_three_runs_so_that_falling_back_is_told() -> None:
    before = [well(50.0)] * 12
    assert counted(*before, *[well(5.0)] * 2) == [50] * 10 + [5] * 2
    assert counted(*before, *[well(5.0)] * 3) == [5] * 3


def test_a_history_may_begin_with_a_slow_run_for_older_ones_are_gone() -> None:
    assert counted(slow(), *[well()] * 3) == [20] * 3
    assert counted(*[slow()] * 4, well()) == [40] * 4 + [20]


def test_two_good_runs_are_not_yet_a_change_for_the_better() -> None:
    assert counted(*[well(50.0)] * 3, well(5.0), well(50.0), well(5.0), well(5.0)) == [50, 50, 50, 5, 50, 5, 5]


def test_only_a_quarter_of_weekly_runs_is_looked_back_on() -> None:
    assert len(counted(*[well()] * 30)) == 12
