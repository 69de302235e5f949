"""ProbeReport: how fast the application's operations are, which of them got slower, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Self

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.complaint import by_fault, complaint, counted
from dbops.domain.probes.history import Usual, latencies_of, line, usual
from dbops.domain.probes.reason import likely_reason
from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.probes.sections import migrations_place, probe_sections
from dbops.domain.probes.totals import ProbeTotals
from dbops.domain.query_plan.advice import IndexProposal
from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_text import plain_text
from dbops.domain.words.quantities import format_count, format_ms


@dataclass(frozen=True, kw_only=True)
class ProbeReport(Report):
    """A run beside those before it. ``usually`` is what is usual, by probe, where enough runs say so.

    ``since`` is for how many runs in a row, this one among them, a probe has been over its budget. ``recovered`` are
    those that were not well in the last run and are now; ``settled`` those that are no faster than when they were
    slower than usual, which is what is usual from now on. ``left_out_again`` were not measured in the last run either.
    ``usual_round_trip`` is in milliseconds.
    """

    job: str = "probe"
    record: ProbeRun
    totals: ProbeTotals
    usually: Mapping[str, Usual] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)
    recovered: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    left_out_again: tuple[str, ...] = ()
    usual_round_trip: float | None = None

    @classmethod
    def of(cls, record: ProbeRun, history: Sequence[ProbeRun], options: ProbeOptions) -> Self:
        """Of a run and those before it, oldest first."""
        names = [result.probe for result in record.results]
        usually = {name: found for name in names if (found := usual(latencies_of(name, history, options)))}
        again = [one for one in record.results if one.is_well and _was_bad(one.probe, history)]
        settled = {one.probe for one in again if _has_settled(one, usually.get(one.probe), history, options)}
        trips = usual([run.round_trip for run in history])
        return cls(
            target=record.target,
            started=record.started,
            finished=record.finished,
            record=record,
            totals=ProbeTotals.of(record.results),
            usually=usually,
            since={one.probe: _since(one.probe, history) for one in record.results if one.is_over_budget},
            recovered=tuple(one.probe for one in again if one.probe not in settled),
            settled=tuple(one.probe for one in again if one.probe in settled),
            left_out_again=tuple(one for one in record.left_out if history and one in history[-1].left_out),
            usual_round_trip=trips.p50 if trips else None,
        )

    @property
    def bad(self) -> tuple[ProbeResult, ...]:
        """What people have to look at: failed ones, then those that got slower, then those over their budget."""
        found = [one for one in self.record.results if not one.is_well]
        return tuple(sorted(found, key=lambda one: (not one.is_failed, one.slower is None)))

    @property
    def verdict(self) -> Verdict:
        """FAILED where an operation failed, WARNING where one is slow, or was not timed twice in a row, or none at all.

        It is a WARNING too where an index is gone that schema.yaml demands: whoever dropped it did not mean to.
        What is unhealthy about the server alone is none: it changes slowly and lasts for weeks, and an alert that comes
        every week whatever happens teaches people to read none. It stands in the report and in the digest.
        """
        if any(one.is_failed for one in self.record.results):
            return Verdict.FAILED
        is_odd = self.bad or self.gone or self.left_out_again or not self.record.results
        return Verdict.WARNING if is_odd else Verdict.OK

    @property
    def gone(self) -> tuple[IndexProposal, ...]:
        """The indexes that schema.yaml demands, the database lacks, and an operation asks for."""
        return tuple(one for one in self.record.proposals if one.origin == "baseline")

    @property
    def is_old_news(self) -> bool:
        """Whether all that is bad is over its budget, and has been so before."""
        return (
            bool(self.bad)
            and not (self.gone or self.record.left_out)
            and all(self.since.get(one.probe, 1) > 1 and not one.is_failed and not one.slower for one in self.bad)
        )

    def counts(self) -> dict[str, int]:
        """How many operations there are, and how many of them are not well, by what is wrong first of all."""
        failed, slower, over = (len(some) for some in by_fault(self.bad))
        return {"operations": len(self.record.results), "failed": failed, "slower": slower, "over budget": over}

    def headline(self) -> str:
        """How many operations, and what of them."""
        if not self.record.results:
            return f"No operation of {self.target} was timed."
        left_out, gone = len(self.record.left_out), len(self.gone)
        besides = [
            *([f"{left_out} {'was' if left_out == 1 else 'were'} not measured"] if left_out else []),
            *(
                [f"{gone} {'index is gone' if gone == 1 else 'indexes are gone'} that schema.yaml demands"]
                if gone
                else []
            ),
        ]
        said = "; ".join([self._of_the_measured(), *besides])
        if self.bad or self.usually:
            return f"{said}."
        return f"{said}. What is usual is not known until there have been three runs."

    def _of_the_measured(self) -> str:
        results, bad = self.record.results, self.bad
        operations = format_count(len(results) + len(self.record.left_out), "operation")
        if len(bad) == 1:
            return f"{bad[0].probe} of {self.target} {self.complaint(bad[0])}"
        if bad:
            return f"Of {operations} of {self.target} {counted(bad)}"
        usual = " and no slower than usual" if self.usually else ""
        if not self.record.left_out:
            every = "The only operation" if len(results) == 1 else f"Every one of {operations}"
            return f"{every} of {self.target} is within its budget{usual}"
        are = "is within its budget" if len(results) == 1 else "are within their budget"
        return f"{len(results)} of {operations} of {self.target} {are}{usual}"

    def complaint(self, result: ProbeResult) -> str:
        """What is wrong with one, as the rest of a sentence that begins with its name."""
        return complaint(result, self.since.get(result.probe, 1))

    def reason(self, result: ProbeResult) -> str:
        """Why it is probably slow; empty where it failed, for then the server has said why."""
        if result.is_failed:
            return ""
        return likely_reason(result, self.record, self.usually, self.usual_round_trip)

    def told(self, result: ProbeResult) -> str:
        """One that is not well: what it stands for, what is wrong where no headline says it, and the likely reason."""
        if len(self.bad) > 1:
            said = f"{result.probe} ({result.title}) {self.complaint(result)}."
        else:
            said = f"{result.probe} stands for: {result.title}."
        return f"{said} {self.reason(result)}".rstrip()

    def besides(self) -> Iterator[str]:
        """What is wrong beside the operations that were measured: sentences."""
        place = migrations_place(self.record)
        where = f" Its migration lies below {place}." if place else ""
        for one in self.gone:
            yield (
                f"The index {one.name} on {one.table} is gone. schema.yaml demands it, and it is asked for by "
                f"{', '.join(one.probes)}.{where}"
            )
        if self.left_out_again:
            yield f"Not measured in the last run either: {', '.join(self.left_out_again)}."

    def now_usual(self, probe: str) -> str:
        """That a change for the worse has lasted for so long that it is not mailed any more."""
        return (
            f"{probe} has stayed as slow as it became: a p50 of {format_ms(self.usually[probe].p50)} is what is usual "
            "from now on."
        )

    def markdown(self) -> str:
        """The verdict, all operations at one glance, a table of them, what explains the bad ones, and the server."""
        news = [
            *(self.told(one) for one in self.bad),
            *self.besides(),
            *(f"Well again: {name}" for name in self.recovered),
            *(self.now_usual(name) for name in self.settled),
        ]
        said = ["\n".join(f"- {plain_text(one)}" for one in news)] if news else []
        sections = probe_sections(self.record, self.totals, self.usually)
        return "\n\n".join([f"**{plain_text(self.headline())}**", *said, *sections])


def _was_bad(probe: str, history: Sequence[ProbeRun]) -> bool:
    last = history[-1].of(probe) if history else None
    return last is not None and not last.is_well


def _has_settled(
    result: ProbeResult, usually: Usual | None, history: Sequence[ProbeRun], options: ProbeOptions
) -> bool:
    """Whether it is as slow as when the last run called it slower, and is well because what is usual has moved."""
    last = history[-1].of(result.probe) if history else None
    if last is None or last.slower is None or usually is None or result.latency is None:
        return False
    seen = [(one.p50 if last.slower.statistic == "p50" else one.p95) for one in (usually, result.latency)]
    return min(seen) > line(last.slower.usual, options, last.slower.statistic)


def _since(probe: str, history: Sequence[ProbeRun]) -> int:
    before = (run.of(probe) for run in reversed(history))
    return 1 + sum(1 for _ in takewhile(lambda result: result is not None and result.is_over_budget, before))
