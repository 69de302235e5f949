"""What is wrong with an operation counts where two measurements of a run have seen it."""

from __future__ import annotations

from dataclasses import replace

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.confirmation import confirmed
from dbops.domain.probes.history import latencies_of
from dbops.domain.probes.judgement import slower
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measured
from dbops.domain.probes.run import ProbeResult
from dbops.domain.probes.standing import Standing, standing_of
from tests.unit.probe_samples import latency, probe, probe_result, weekly

OPTIONS = ProbeOptions()


def measured(latency: Latency | None, errors: int = 0, asked: int = 40) -> Measured:
    return Measured(probe="op", asked=asked, latency=latency, errors=errors, error="lock not available" * bool(errors))


def result(first: Measured, again: Measured | None, *, doubtful: bool = True) -> tuple[ProbeResult, str]:
    found, note = confirmed(probe("op"), first, again, [], OPTIONS, doubtful=doubtful)
    return found, note


def test_errors_of_both_measurements_are_a_failure_and_counted_of_all_that_was_asked() -> None:
    found, note = result(measured(latency(3.0), 2), measured(latency(3.0), 1))
    assert found.is_failed
    assert (found.errors, found.asked, note) == (3, 80, "")


def test_errors_of_one_of_two_measurements_are_a_note() -> None:
    for first, again in ((2, 0), (0, 2)):
        found, note = result(measured(latency(3.0), first), measured(latency(3.0), again))
        assert not found.is_failed
        assert found.is_well
        assert (found.errors, found.asked) == (2, 80)
        assert note == "op failed 2 times in 80 (lock not available), in only one of two measurements."


def test_what_never_succeeded_has_failed_whether_or_not_it_was_measured_again() -> None:
    for again in (measured(None, 3, asked=3), None):
        found, note = result(measured(None, 3, asked=3), again)
        assert found.is_failed
        assert note == ""


def test_what_succeeds_when_it_is_measured_again_has_not_failed_and_is_timed_by_that() -> None:
    found, note = result(measured(None, 3, asked=3), measured(latency(4.0)))
    assert not found.is_failed
    assert found.latency == latency(4.0)
    assert found.again is None
    waiting = replace(measured(latency(4.0)), waits=latency(5.0), kinds={"old": latency(6.0)})
    for first, again in ((measured(None, 3, asked=3), waiting), (waiting, measured(latency(3.0)))):
        found, _ = result(first, again)
        assert (found.waits, found.kinds) == (latency(5.0), {"old": latency(6.0).p50})
    assert note.startswith("op failed 3 times in 43 ")


def test_what_only_failed_when_it_was_measured_again_has_not_failed() -> None:
    found, note = result(measured(latency(200.0)), measured(None, 3, asked=3))
    assert not found.is_failed
    assert not found.is_over_budget
    assert note


def test_what_nobody_could_measure_again_is_told_and_no_alert() -> None:
    for first in (measured(latency(200.0)), measured(latency(3.0), 1)):
        found, note = result(first, None)
        assert found.is_well
        assert note == ""  # the run says it once for all of them
    assert standing_of(result(measured(latency(200.0)), None)[0]) is Standing.OVER_ONCE


def test_over_budget_twice_counts_also_where_an_error_came_only_once() -> None:
    found, note = result(measured(latency(200.0), 1), measured(latency(200.0)))
    assert found.is_over_budget
    assert not found.is_failed
    assert note


def test_over_budget_twice_without_an_error_is_confirmed_and_needs_no_note() -> None:
    found, note = result(measured(latency(200.0)), measured(latency(200.0)))
    assert (found.is_confirmed, found.is_over_budget, note) == (True, True, "")


def test_what_both_measurements_say_is_compared_with_the_operations_own_history() -> None:
    history = weekly([probe_result("op", 20.0)] * 8)
    once, twice = measured(latency(60.0)), measured(latency(80.0))
    found, _ = confirmed(probe("op"), once, twice, history, OPTIONS, doubtful=True)
    assert found.slower is not None
    assert found.slower == slower(latency(60.0), latency(80.0), latencies_of("op", history, OPTIONS), OPTIONS)
    assert confirmed(probe("op"), once, None, history, OPTIONS, doubtful=True)[0].slower is None
    assert confirmed(probe("other"), once, twice, history, OPTIONS, doubtful=True)[0].slower is None


def test_what_looked_well_needs_no_confirmation() -> None:
    found, note = result(measured(latency(3.0)), None, doubtful=False)
    assert found.is_confirmed
    assert (found.is_well, note) == (True, "")


def test_a_record_from_before_says_what_it_said() -> None:
    found, _ = result(measured(latency(3.0)), None, doubtful=False)
    assert replace(found, errors=1).is_failed
