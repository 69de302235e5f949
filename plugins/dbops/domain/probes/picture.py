"""Probe picture: the overview of a run of the probes, for its mail."""

from __future__ import annotations

from dbops.domain.alerts.picture import Picture
from dbops.domain.probes.run import ProbeRun
from dbops.domain.probes.standing import how_many_are_well


def probe_picture(run: ProbeRun, png: bytes) -> Picture:
    """The picture with the words for whoever does not see it."""
    return Picture(png=png, alt=f"{how_many_are_well(run)}: the p95 of each as a share of its budget, as bars.")
