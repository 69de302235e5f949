"""Probe complaint: what is wrong with an operation, and with how many of them, in words."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.probes.run import ProbeResult
from dbops.domain.words.quantities import format_count, format_ms, joined

_LONGEST = 160  # characters of what a server says


def complaint(result: ProbeResult, runs: int = 1) -> str:
    """What is wrong with one, as the rest of a sentence that begins with its name.

    ``runs`` is for how many runs in a row it has been over its budget, this one among them.
    """
    slow, over = _slower(result), _over_budget(result, runs)
    if slow and over:
        said = [f"is slower than usual ({slow}) and over its budget ({over})"]
    else:
        said = [
            *([f"is slower than usual: its {slow}"] if slow else []),
            *([f"is over its budget: its {over}"] if over else []),
        ]
    return joined([*([_failed(result)] if result.is_failed else []), *said])


def counted(bad: Sequence[ProbeResult]) -> str:
    """``1 failed, 2 are slower than usual (1 of them over its budget too) and 1 is over its budget``."""
    failed, slower, over = by_fault(bad)
    too = sum(one.is_over_budget for one in slower)
    return joined(
        [
            *([f"{len(failed)} failed"] if failed else []),
            *([f"{len(slower)} {_are(len(slower))} slower than usual{_too(too, of=len(slower))}"] if slower else []),
            *([f"{len(over)} {_are(len(over))} over {_its(len(over))} budget"] if over else []),
        ]
    )


def by_fault(bad: Sequence[ProbeResult]) -> tuple[list[ProbeResult], list[ProbeResult], list[ProbeResult]]:
    """Those that failed, those that are slower than usual, and those over their budget: by what is wrong first of all.

    All of ``bad`` are not well, so each is in one of the three.
    """
    failed = [one for one in bad if one.is_failed]
    slower = [one for one in bad if not one.is_failed and one.slower is not None]
    over = [one for one in bad if not one.is_failed and one.slower is None]
    return failed, slower, over


def _nth(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    tens, ones = divmod(number % 100, 10)
    return f"{number}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"


def _failed(result: ProbeResult) -> str:
    times = (
        f" {format_count(result.errors, 'time')} in {result.asked}" if result.errors else ", for no sample was taken"
    )
    error = result.error.rstrip(".")
    said = error if len(error) <= _LONGEST else f"{error[:_LONGEST]}…"
    return f"failed{times}{f' ({said})' if said else ''}"


def _slower(result: ProbeResult) -> str:
    change = result.slower
    if change is None:
        return ""
    return f"{change.statistic} was {format_ms(change.usual)} and is now {format_ms(change.now)}"


def _over_budget(result: ProbeResult, runs: int) -> str:
    if not result.is_over_budget or result.latency is None:
        return ""
    since = f", for the {_nth(runs)} run in a row" if runs > 1 else ""
    return f"p95 is {format_ms(result.latency.p95)}, and {format_ms(result.budget_ms)} are allowed{since}"


def _too(number: int, *, of: int) -> str:
    if not number:
        return ""
    return f" ({f'{number} of them ' if of > 1 else ''}over {_its(number)} budget too)"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _its(number: int) -> str:
    return "its" if number == 1 else "their"
