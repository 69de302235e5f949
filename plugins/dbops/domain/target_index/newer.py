"""Newer index: of one that was built and the one that lies there by now, what is to be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from dbops.domain.target_index.target_index import TargetIndex

_S = TypeVar("_S")

# Nothing that is read takes longer. What claims to be newer by more was written by a wrong clock, and of a run that
# ended longer before, the bucket would have told.
_READING = timedelta(hours=1)


def newer_index(built: TargetIndex, present: TargetIndex) -> TargetIndex:
    """All is of the one that was ``written`` later, the built one where both were at once.

    But a run is the newer one, and so is a rehearsal. Only by an hour is the present one believed against what was read
    in the bucket itself.
    """
    ended = [run.finished for run in (built.checks, built.probes) if run]
    known = max([built.written, *ended, *([built.rehearsal.planned] if built.rehearsal else [])])

    def newer(
        own: _S | None, other: _S | None, made: Callable[[_S], datetime], order: Callable[[_S], Any]
    ) -> _S | None:
        if other is None or abs(made(other) - known) > _READING:
            return own
        return other if own is None or order(other) > order(own) else own

    later = present if built.written < present.written <= known + _READING else built
    return replace(
        later,
        checks=newer(built.checks, present.checks, lambda run: run.finished, lambda run: run.check_id),
        probes=newer(built.probes, present.probes, lambda run: run.finished, lambda run: run.probe_id),
        rehearsal=newer(built.rehearsal, present.rehearsal, lambda one: one.planned, lambda one: one.planned),
    )
