"""Newer index: of one that was built and the one that lies there by now, what is to be written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dbops.domain.target_index.target_index import IndexedChecks, IndexedProbes, TargetIndex

# Nothing that is read takes longer. What claims to be newer by more was written by a wrong clock, and of a run that
# ended longer before, the bucket would have told.
_READING = timedelta(hours=1)


def newer_index(built: TargetIndex, present: TargetIndex) -> TargetIndex:
    """All is of the one that was ``written`` later, the built one where both were at once; a run is the newer one.

    Only by an hour is the present one believed against what was read in the bucket itself.
    """
    known = max([built.written, *(run.finished for run in (built.checks, built.probes) if run)])

    def is_fresh(run: IndexedChecks | IndexedProbes) -> bool:
        return abs(run.finished - known) <= _READING

    checks, probes = built.checks, built.probes
    if present.checks and is_fresh(present.checks) and (not checks or present.checks.check_id > checks.check_id):
        checks = present.checks
    if present.probes and is_fresh(present.probes) and (not probes or present.probes.probe_id > probes.probe_id):
        probes = present.probes
    later = present if built.written < present.written <= known + _READING else built
    return replace(later, checks=checks, probes=probes)
