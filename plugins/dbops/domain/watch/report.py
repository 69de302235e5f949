"""WatchReport: every promise that is not kept, and which of them to mail now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dbops.domain.report import Report, Verdict
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.problem import Problem
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.quantities import format_count, format_moment


@dataclass(frozen=True, kw_only=True)
class WatchReport(Report):
    """``problems`` worst first; ``due`` are those to mail now; ``recovered`` the keys of those that are gone.

    ``unwell`` are target and job of each last run of checks and probes in which something was not well.
    ``memory`` (problem key to when it was last mailed) is for the next watch; keep it only once the mail is out.
    ``known`` is for the next watch too.
    ``heartbeats`` is how many heartbeat addresses were told that all is well.
    """

    job: str = "watch"
    target: str = "every target"
    targets: int
    problems: tuple[Problem, ...]
    due: tuple[Problem, ...]
    recovered: tuple[str, ...]
    unwell: frozenset[tuple[str, str]] = frozenset()
    memory: dict[str, datetime]
    known: KnownTargets = field(default_factory=KnownTargets)
    heartbeats: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """FAILED while any promise is not kept."""
        if self.problems:
            return Verdict.FAILED
        return Verdict.WARNING if self.warnings else Verdict.OK

    def markdown(self) -> str:
        """One sentence, a table of the problems, worst first, what is over, and how many heartbeats were told."""
        count = format_count(self.targets, "target")
        if not self.problems:
            lines = [f"Every promise of {count} is kept."]
        else:
            rows = [
                (problem.kind.value, problem.target or "", _since(problem.since), problem.told)
                for problem in self.problems
            ]
            promises = "promise is" if len(self.problems) == 1 else "promises are"
            lines = [
                f"{len(self.problems)} {promises} not kept, watching {count}.",
                "",
                markdown_table(("problem", "target", "since", "what to know"), rows),
            ]
        if self.recovered:
            lines += ["", *(f"- No longer: {key}" for key in self.recovered)]
        if self.heartbeats:
            lines += ["", f"Heartbeats told: {self.heartbeats}."]
        if self.warnings:
            lines += ["", *(f"- {warning}" for warning in self.warnings)]
        return "\n".join(lines)


def _since(moment: datetime | None) -> str:
    return "" if moment is None else format_moment(moment)
