"""Probe charts: what a run of the probes measured, as pictures. Importing this imports nothing of matplotlib."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Sequence

from dbops.domain.probes.run import ProbeRun


def overview_chart(run: ProbeRun, history: Sequence[ProbeRun] = ()) -> bytes:
    """The one picture of the mail, a PNG: each probe's p95 against its budget, with the run before as a tick."""
    import_matplotlib()
    from dbops.gateways.probe_charts.overview import draw_overview

    return draw_overview(run, history)


def trend_chart(run: ProbeRun, history: Sequence[ProbeRun]) -> bytes:
    """A PNG: each probe's p50 and p95 over the runs by date, with its budget; one panel a probe."""
    import_matplotlib()
    from dbops.gateways.probe_charts.trend import draw_trend

    return draw_trend(run, history)


def distribution_chart(run: ProbeRun, before: ProbeRun | None) -> bytes:
    """A PNG: which share of each probe's samples was done within which time, in this run and the one before."""
    import_matplotlib()
    from dbops.gateways.probe_charts.distribution import draw_distribution

    return draw_distribution(run, before)


def import_matplotlib() -> None:
    """Import matplotlib; it writes its cache of fonts where it may: a home that cannot be written would be a warning.

    All charts are drawn by its objects, never by pyplot, whose figures are the process's own.
    """
    if "matplotlib" in sys.modules or "MPLCONFIGDIR" in os.environ:
        _import()
        return
    with tempfile.TemporaryDirectory(prefix="dbops-matplotlib-") as folder:
        os.environ["MPLCONFIGDIR"] = folder
        try:
            _import()
        finally:
            del os.environ["MPLCONFIGDIR"]


def _import() -> None:
    # That listing the machine's fonts takes a while is nothing a task's log should warn of.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.font_manager  # noqa: F401
