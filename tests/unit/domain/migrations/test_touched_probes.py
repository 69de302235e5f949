"""Promise: what a migration does to the operations it touches is told by the probe, and no duration is judged."""

from __future__ import annotations

from typing import Any

from dbops.domain.migrations.touched_probes import ProbeReading, ProbeReadings, TouchedProbes


def reading(probe: str = "newest", **fields: Any) -> ProbeReading:
    given = {"p50": 12.34, "p95": 56.7, **fields}
    return ProbeReading(probe=probe, title=f"the {probe}", **given)


def touched(before: ProbeReadings, after: ProbeReadings) -> TouchedProbes:
    return TouchedProbes(before=before, after=after)


def test_a_row_has_both_percentiles_before_and_after_and_the_new_index_that_the_plan_uses() -> None:
    both = touched(
        ProbeReadings(probes=(reading(indexes=("pk",)),), indexes=("pk",)),
        ProbeReadings(probes=(reading(p50=0.5, p95=1.25, indexes=("idx", "pk")),), indexes=("idx", "pk")),
    )

    assert both.table().splitlines()[2:] == ["| the newest | 12 ms | 0.50 ms | 57 ms | 1.2 ms | idx |"]
    assert both.facts() == (("newest", "p50 12 ms before, 0.50 ms after; p95 57 ms before, 1.2 ms after, now by idx"),)
    assert both.sentences == ("The new index idx is used by newest.",)
    assert both.broken == ()


def test_an_index_that_no_plan_uses_is_said_to_be_so() -> None:
    both = touched(ProbeReadings(probes=(reading(),)), ProbeReadings(probes=(reading(),), indexes=("idx",)))

    assert both.sentences == ("No plan of a probe uses the new index idx.",)
    assert both.table().endswith("| - |")


def test_an_index_that_was_there_before_is_not_called_new() -> None:
    both = touched(
        ProbeReadings(probes=(reading(),), indexes=("idx",)),
        ProbeReadings(probes=(reading(indexes=("idx",)),), indexes=("idx",)),
    )

    assert both.new_indexes == {}
    assert "idx" not in both.table()


def test_only_what_worked_before_is_broken_by_the_migration() -> None:
    fails = {"p50": None, "p95": None, "error": "column is gone"}
    both = touched(
        ProbeReadings(probes=(reading("a"), reading("b", **fails))),
        ProbeReadings(probes=(reading("a", **fails), reading("b", **fails), reading("c", **fails))),
    )

    assert both.broken == ("The probe a worked before, and fails now: column is gone",)
    assert both.table().count("| FAILS |") == 3
    assert both.facts()[0] == ("a", "FAILS: column is gone")


def test_an_operation_that_came_with_the_migration_has_nothing_to_be_compared_with() -> None:
    both = touched(ProbeReadings(), ProbeReadings(probes=(reading("new"),)))

    assert both.table().splitlines()[2:] == ["| the new | - | 12 ms | - | 57 ms | - |"]
    assert both.facts() == (("new", "p50 - before, 12 ms after; p95 - before, 57 ms after"),)


def test_every_new_index_that_a_plan_uses_is_named() -> None:
    both = touched(
        ProbeReadings(probes=(reading(),)),
        ProbeReadings(probes=(reading(indexes=("a", "b")),), indexes=("a", "b")),
    )

    assert both.facts()[0][1].endswith(", now by a, b")


def test_slower_operations_are_shown_and_not_judged() -> None:
    both = touched(ProbeReadings(probes=(reading(),)), ProbeReadings(probes=(reading(p50=900.0, p95=5000.0),)))

    assert (both.broken, both.sentences) == ((), ())


def test_notes_of_both_are_told_once() -> None:
    note = "No operation was measured."
    assert touched(ProbeReadings(notes=(note,)), ProbeReadings(notes=(note,))).sentences == (note,)
    assert touched(ProbeReadings(), ProbeReadings()).table() == ""
