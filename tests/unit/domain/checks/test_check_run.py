"""What earlier runs of the checks say of this one: for how many days, what is well again, what shrank or exploded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.checks.run import CheckRun, days_bad, recovered, volume_results
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from tests.unit.samples import DAY, NOW

RULE = "Summary: no negative length"
OPTIONS = CheckOptions()


def result(rule_id: str = RULE, outcome: Outcome = Outcome.FAILED) -> CheckResult:
    return CheckResult(rule_id=rule_id, group="data", subject="public.Summary", outcome=outcome)


def run(ago: timedelta, *results: CheckResult, rows: dict[str, int] | None = None) -> CheckRun:
    return CheckRun(
        target="shop",
        run="test",
        started=NOW - ago,
        finished=NOW - ago,
        full=False,
        results=results,
        rows=rows or {},
        statements=1,
    )


class TestDays:
    def test_a_rule_that_was_well_yesterday_is_bad_since_today(self) -> None:
        assert days_bad(RULE, NOW, [run(DAY, result(outcome=Outcome.PASSED))]) == 1

    def test_nights_in_a_row_are_counted(self) -> None:
        assert days_bad(RULE, NOW, [run(2 * DAY, result()), run(DAY, result())]) == 3

    def test_a_good_night_in_between_begins_the_count_anew(self) -> None:
        history = [run(3 * DAY, result()), run(2 * DAY, result(outcome=Outcome.PASSED)), run(DAY, result())]
        assert days_bad(RULE, NOW, history) == 2

    def test_what_could_not_be_evaluated_counts_as_bad(self) -> None:
        assert days_bad(RULE, NOW, [run(DAY, result(outcome=Outcome.NOT_EVALUATED))]) == 2

    def test_two_runs_on_one_day_are_one_day(self) -> None:
        assert days_bad(RULE, NOW, [run(timedelta(hours=2), result()), run(timedelta(hours=1), result())]) == 1

    @given(st.lists(st.sampled_from(list(Outcome)), max_size=20))
    def test_it_is_never_more_than_the_runs_there_were(self, outcomes: list[Outcome]) -> None:
        history = [run(DAY * (len(outcomes) - n), result(outcome=each)) for n, each in enumerate(outcomes)]
        assert 1 <= days_bad(RULE, NOW, history) <= len(history) + 1


def test_what_was_bad_in_the_last_run_and_is_well_now_has_recovered() -> None:
    history = [run(2 * DAY, result("older")), run(DAY, result("gone"), result("still"))]
    results = [result("gone", Outcome.PASSED), result("older", Outcome.PASSED), result("still"), result("new")]
    assert recovered(results, history) == ("public.Summary: gone",)
    assert recovered(results, []) == ()


def test_what_nobody_asked_or_could_ask_has_not_recovered() -> None:
    index = replace(result("missing_index:public.i"), group="schema", subject="public.i")
    read = replace(result("schema:index", Outcome.PASSED), group="schema")
    assert recovered([read], [run(DAY, result("struck out"))]) == (), "that the schema was read says nothing of a rule"
    history = [run(DAY, result("struck out"), result("unknown"), index)]
    unread = replace(result("schema:index", Outcome.NOT_EVALUATED), group="schema")
    assert recovered([result("unknown", Outcome.NOT_EVALUATED), unread], history) == ()


def test_a_difference_of_the_schema_has_recovered_when_the_schema_was_read_without_finding_it() -> None:
    index = replace(result("missing_index:public.i"), group="schema", subject="public.i")
    read = replace(result("schema:index", Outcome.PASSED), group="schema")
    assert recovered([read], [run(DAY, index)]) == ("public.i: missing index",)
    assert recovered([], [run(DAY, index)]) == (), "there is no schema.yaml any more"


def test_a_run_is_red_where_an_error_was_bad() -> None:
    warning = replace(result(), severity="warning")
    assert run(DAY, result()).is_red
    assert run(DAY, result(outcome=Outcome.NOT_EVALUATED)).is_red
    assert not run(DAY, warning, result(outcome=Outcome.PASSED)).is_red


class TestVolume:
    @pytest.mark.parametrize(
        ("before", "now", "outcome", "severity"),
        [
            ([1000], 1000, Outcome.PASSED, None),
            ([1000], 499, Outcome.FAILED, "error"),
            ([1000], 501, Outcome.PASSED, None),
            ([1000, 1000, 1], 1000, Outcome.PASSED, None),
            ([1000], 5001, Outcome.FAILED, "warning"),
            ([1000], 5000, Outcome.PASSED, None),
            ([10], 1, Outcome.PASSED, None),
            ([10], 90, Outcome.PASSED, None),
            ([0], 100_000, Outcome.FAILED, "warning"),
        ],
    )
    def test_a_table_is_compared_with_the_median_of_the_last_runs(
        self, before: list[int], now: int, outcome: Outcome, severity: str | None
    ) -> None:
        history = [run(DAY * (len(before) - n), rows={"public.Summary": rows}) for n, rows in enumerate(before)]
        [found] = volume_results({("public", "Summary"): now}, history, OPTIONS)
        assert found.outcome is outcome
        if severity:
            assert found.severity == severity
            assert f"{now:,}" in found.sentence
            assert 'FROM "public"."Summary"' in found.sql

    @pytest.mark.parametrize(
        ("before", "now", "sentence"),
        [
            (1000, 499, "public.Summary has shrunk: 499 rows, and the last runs had about 1,000."),
            (1000, 500, ""),
            (100, 49, "public.Summary has shrunk: 49 rows, and the last runs had about 100."),
            (99, 0, ""),
            (0, 500, ""),
            (0, 501, "public.Summary has exploded: 501 rows, and the last runs had about 0."),
        ],
    )
    def test_it_says_what_has_become_of_the_table_and_nothing_where_all_is_well(
        self, before: int, now: int, sentence: str
    ) -> None:
        [found] = volume_results({("public", "Summary"): now}, [run(DAY, rows={"public.Summary": before})], OPTIONS)
        assert found.sentence == sentence
        assert bool(found.sql) == bool(sentence)
        assert found.named == "public.Summary: about as many rows as in the last runs"

    def test_a_small_table_is_taken_to_have_had_a_hundred_rows_where_it_may_hardly_grow(self) -> None:
        history = [run(DAY, rows={"public.Summary": 100})]
        strict = CheckOptions(grown_by=1)
        [calm] = volume_results({("public", "Summary"): 101}, history, strict)
        [found] = volume_results({("public", "Summary"): 102}, history, strict)
        assert (calm.outcome, found.outcome) == (Outcome.PASSED, Outcome.FAILED)

    def test_a_table_that_nobody_has_counted_before_is_not_judged(self) -> None:
        assert list(volume_results({("public", "Summary"): 0}, [], OPTIONS)) == []

    def test_a_new_table_keeps_nobody_from_looking_at_the_others(self) -> None:
        history = [run(DAY, rows={"public.Summary": 1000})]
        counts = {("public", "New"): 5, ("public", "Summary"): 0}
        assert [found.subject for found in volume_results(counts, history, OPTIONS)] == ["public.Summary"]


def test_a_run_is_read_back_as_it_was_written_and_later_versions_are_refused() -> None:
    kept = run(DAY, result(), rows={"public.Summary": 5})
    assert CheckRun.from_json(kept.to_json()) == kept
    with pytest.raises(ValueError, match="format"):
        CheckRun.from_json(kept.to_json().replace(b'"format": 1', b'"format": 2'))
