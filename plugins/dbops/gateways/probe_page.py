"""Probe page: a run of the probes as one HTML file that needs nothing else, from the template in include/report."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup, escape

from dbops.domain.probes.distance import distance
from dbops.domain.probes.run import ProbeRun
from dbops.domain.probes.standing import (
    how_many_are_well,
    most_urgent_first,
    run_before,
    standing_of,
)
from dbops.domain.probes.totals import ProbeTotals
from dbops.domain.words.quantities import format_ms
from dbops.gateways.files.templates import environment


def probe_page(
    run: ProbeRun,
    history: Sequence[ProbeRun],
    pictures: Mapping[str, bytes],
    *,
    templates: Path,
    headline: str | None = None,
) -> bytes:
    """Write the page, UTF-8, with the PNGs ``overview``, ``trend`` and ``distribution`` inside, as far as given.

    ``headline`` is one sentence, by default how many probes are well. Raises jinja2's errors for a template.
    """
    words = environment(templates)
    words.filters["ms"] = format_ms
    words.filters["name"] = _name
    ordered = most_urgent_first(run.results)
    standings = {one.probe: standing_of(one) for one in ordered}
    page = words.get_template("probes.html.j2").render(
        run=run,
        before=run_before(run, history),
        headline=headline or f"{how_many_are_well(run)}.",
        ordered=ordered,
        standings=standings,
        unwell=[one for one in ordered if not standings[one.probe].is_well],
        explained=[one for one in ordered if one.explained or one.advice],
        totals=ProbeTotals.of(run.results),
        distance=distance(run),
        pictures={name: b64encode(png).decode("ascii") for name, png in pictures.items()},
    )
    return page.encode()


def _name(text: str) -> Markup:
    """A name that may be broken after its underscores: a phone is narrow."""
    return escape(text).replace("_", Markup("_<wbr>"))
