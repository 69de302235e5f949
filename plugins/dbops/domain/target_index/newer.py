"""Newer index: of one that was built and the one that lies there by now, what is to be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from dbops.domain.target_index.target_index import TargetIndex

# Nothing that is read takes longer. What claims to be newer by more was written by a wrong clock, and of a run that
# ended longer before, the bucket would have told.
_READING = timedelta(hours=1)


def newer_index(built: TargetIndex, present: TargetIndex) -> TargetIndex:
    """All is of the one that was ``written`` later, the built one where both were at once.

    But a run is the newer one, and so is a rehearsal. Only by an hour is the present one believed against what was read
    in the bucket itself.
    """
    known = max([built.written, *(run.finished for run in (built.checks, built.probes) if run)])
    known = max(known, built.rehearsal.planned) if built.rehearsal else known

    def is_fresh(moment: datetime) -> bool:
        return abs(moment - known) <= _READING

    checks, probes, rehearsal = built.checks, built.probes, built.rehearsal
    if (check := present.checks) and is_fresh(check.finished) and (not checks or check.check_id > checks.check_id):
        checks = check
    if (probe := present.probes) and is_fresh(probe.finished) and (not probes or probe.probe_id > probes.probe_id):
        probes = probe
    if (last := present.rehearsal) and is_fresh(last.planned) and (not rehearsal or last.planned > rehearsal.planned):
        rehearsal = last
    later = present if built.written < present.written <= known + _READING else built
    return replace(later, checks=checks, probes=probes, rehearsal=rehearsal)
