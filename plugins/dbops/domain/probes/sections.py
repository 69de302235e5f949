"""Probe sections: what a run of the probes has measured and seen, section by section as Markdown, without a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbops.domain.health.item import HealthItem
from dbops.domain.probes.distance import distance
from dbops.domain.probes.history import Usual
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun
from dbops.domain.probes.totals import SLOW_MS, ProbeTotals
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import code_block, code_span, plain_text
from dbops.domain.words.quantities import format_ms

_PAGE = "index.html"


def probe_sections(run: ProbeRun, totals: ProbeTotals, usually: Mapping[str, Usual]) -> Iterator[str]:
    """The sections that have something to say, in the order in which people ask."""
    if run.results:
        yield _glance(run, totals)
        yield _operations(run, usually)
    for result in run.results:
        if not result.is_well and (result.explained or result.advice):
            yield _explanation(result)
    if run.proposals:
        yield _proposals(run)
    if run.health:
        yield _health(run.health)
    if run.escapes:
        yield _list("What a rollback may not undo", run.escapes)
    if run.notes:
        yield _list("What was left out or cut short", run.notes)
    if run.page:
        yield f"Page with charts: {code_span(run.page)}"


def verdict_on(result: ProbeResult) -> str:
    """What is wrong with an operation, in a word or two; ok where nothing is."""
    words = [
        *(["failed"] if result.is_failed else []),
        *(["slower"] if result.slower else []),
        *(["over budget"] if result.is_over_budget else []),
    ]
    return ", ".join(words) or "ok"


def migrations_place(run: ProbeRun) -> str:
    """Where the migrations of the proposed indexes lie, beside the page; empty where no page was kept."""
    return f"{run.page.removesuffix(_PAGE)}migrations/" if run.page.endswith(_PAGE) else ""


def _glance(run: ProbeRun, totals: ProbeTotals) -> str:
    lines = [
        f"Operations that work: {totals.models()}",
        f"All operations: {totals.overall()}",
        *([f"Slowest operation: {totals.slowest}"] if totals.slowest else []),
        *([f"Connection pools: {totals.pooled()}"] if totals.pools else []),
        f"Operations above {format_ms(SLOW_MS)} (p95): {totals.slow_ones()}",
        distance(run),
    ]
    return "\n".join(f"- {plain_text(one)}" for one in lines)


def _operations(run: ProbeRun, usually: Mapping[str, Usual]) -> str:
    rows = [
        (
            result.probe,
            *_percentiles(result),
            format_ms(result.budget_ms),
            _usual(usually.get(result.probe)),
            verdict_on(result),
        )
        for result in run.results
    ]
    return markdown_table(("probe", "p50", "p95", "p99", "max", "budget", "usual p50 / p95", "verdict"), rows)


def _percentiles(result: ProbeResult) -> tuple[str, ...]:
    latency = result.latency
    if latency is None:
        return ("-",) * 4
    return tuple(format_ms(one) for one in (latency.p50, latency.p95, latency.p99, latency.max))


def _usual(usually: Usual | None) -> str:
    return f"{format_ms(usually.p50)} / {format_ms(usually.p95)}" if usually else "not known yet"


def _explanation(result: ProbeResult) -> str:
    parts = [f"### {result.probe}: {plain_text(result.title)}"]
    for piece in result.advice:
        parts.append(plain_text(piece.sentence))
        if piece.sql:
            parts.append(code_block(piece.sql.rstrip(), "sql"))
    for one in result.explained:
        parts += _plan(one)
    return "\n\n".join(parts)


def _plan(explained: Explained) -> list[str]:
    of = f" for {plain_text(explained.kind)}" if explained.kind else ""
    said = f"The plan of line {explained.line}{of}"
    if explained.before and explained.before != explained.shape:
        said += f" was {code_span(explained.before)} when it was last well, and is now {code_span(explained.shape)}"
    return [f"{said}:", code_block(explained.text.rstrip() or explained.shape)]


def _proposals(run: ProbeRun) -> str:
    place = migrations_place(run)
    where = f" Each is a migration, ready to be reviewed, below {code_span(place)}." if place else ""
    parts = [f"### Proposed indexes\n\nThey are unproven: nobody has tested yet whether they help.{where}"]
    for one in run.proposals:
        parts.append(f"{plain_text(one.why)} Asked for by {plain_text(', '.join(one.probes))}; unproven:")
        parts.append(code_block(f"{one.statement.rstrip().removesuffix(';')};", "sql"))
    return "\n\n".join(parts)


def _health(items: tuple[HealthItem, ...]) -> str:
    """Those that are a worry first, and what to do about each below."""
    ordered = sorted(items, key=lambda item: ("warning", "unknown", "ok").index(item.status))
    rows = [(item.name, item.value, item.threshold, item.status) for item in ordered]
    table = markdown_table(("health", "value", "threshold", "status"), rows)
    remedies = [f"- {plain_text(f'{item.name}: {item.remedy}')}" for item in ordered if item.remedy]
    return "\n\n".join([table, *(["\n".join(remedies)] if remedies else [])])


def _list(title: str, sentences: tuple[str, ...]) -> str:
    return "\n".join([f"{title}:", "", *(f"- {plain_text(one)}" for one in sentences)])
