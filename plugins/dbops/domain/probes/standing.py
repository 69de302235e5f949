"""Probe standing: how a probe did in a run in one word, and which of them a person should see first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from dbops.domain.probes.run import ProbeResult, ProbeRun


class Standing(StrEnum):
    """The most urgent first; over budget once is what was not seen again when it was measured again."""

    FAILED = "failed"
    OVER_BUDGET = "over budget"
    SLOWER = "slower than usual"
    OVER_ONCE = "over budget once"
    WELL = "well"

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return self in {Standing.OVER_ONCE, Standing.WELL}


_URGENCY = {standing: number for number, standing in enumerate(Standing)}


def standing_of(result: ProbeResult) -> Standing:
    """The most urgent that is true of it."""
    if result.is_failed:
        return Standing.FAILED
    if result.is_over_budget:
        return Standing.OVER_BUDGET
    if result.slower:
        return Standing.SLOWER
    return Standing.OVER_ONCE if share_of_budget(result) > 1 else Standing.WELL


def share_of_budget(result: ProbeResult) -> float:
    """Its p95 as a share of its budget, 1 being all of it; 0 where no sample succeeded."""
    return result.latency.p95 / result.budget_ms if result.latency else 0.0


def most_urgent_first(results: Iterable[ProbeResult]) -> list[ProbeResult]:
    """What is not well before what is, and among equals what has used up most of its budget."""
    return sorted(results, key=lambda one: (_urgency(one), -share_of_budget(one), one.probe))


def most_urgent(results: Iterable[ProbeResult], most: int) -> tuple[list[ProbeResult], str]:
    """So many of them at most, in that order, and in words how many are left out; empty where none is."""
    ordered = most_urgent_first(results)
    left_out = len(ordered) - most
    return ordered[:most], f"and {left_out} more, which have used up less of their budgets" if left_out > 0 else ""


def _urgency(result: ProbeResult) -> int:
    standing = standing_of(result)
    return _URGENCY[Standing.WELL if standing.is_well else standing]


def how_many_are_well(run: ProbeRun) -> str:
    """The run in one sentence without a full stop, for a title."""
    unwell, total = sum(not standing_of(one).is_well for one in run.results), len(run.results)
    if total == 1:
        return "The probe is not well" if unwell else "The probe is well"
    return f"{unwell} of {total} probes are not well" if unwell else f"All {total} probes are well"


def up_to(run: ProbeRun, history: Iterable[ProbeRun]) -> list[ProbeRun]:
    """The runs before this one, oldest first, and this one; whatever order, and whether or not it is among them."""
    earlier = [one for one in history if one.started < run.started]
    return [*sorted(earlier, key=lambda one: one.started), run]


def run_before(run: ProbeRun, history: Sequence[ProbeRun]) -> ProbeRun | None:
    """The newest of those before it; None where it is the first."""
    earlier = up_to(run, history)[:-1]
    return earlier[-1] if earlier else None
