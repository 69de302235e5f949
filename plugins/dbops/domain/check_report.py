"""CheckReport: which rules hold, which are broken, and which nobody could ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbops.domain.checks import CheckResult, Outcome
from dbops.domain.markdown_table import markdown_table
from dbops.domain.quantities import format_count, format_duration
from dbops.domain.report import Report, Verdict

_KEYS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class CheckReport(Report):
    """``days`` is for how many days in a row each bad rule has been bad; ``recovered`` are those that are well again.

    ``docs`` is where the data docs lie, empty where none were kept.
    """

    job: str = "check"
    full: bool
    results: tuple[CheckResult, ...]
    statements: int
    tables: int
    days: Mapping[str, int] = field(default_factory=dict)
    recovered: tuple[str, ...] = ()
    docs: str = ""

    def those(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        """The results with that outcome, errors first."""
        found = [result for result in self.results if result.outcome is outcome]
        return tuple(sorted(found, key=lambda result: result.severity != "error"))

    @property
    def bad(self) -> tuple[CheckResult, ...]:
        """What people have to look at: failed errors, then what could not be evaluated, then warnings."""
        found = [result for result in self.results if result.is_bad]
        return tuple(sorted(found, key=lambda one: (one.severity != "error", one.outcome is not Outcome.FAILED)))

    @property
    def verdict(self) -> Verdict:
        """FAILED where a rule that is an error is broken, or could not be asked; WARNING for all other bad ones."""
        if any(result.severity == "error" for result in self.bad):
            return Verdict.FAILED
        return Verdict.WARNING if self.bad else Verdict.OK

    def counts(self) -> dict[str, int]:
        """How many rules had each outcome."""
        return {outcome.value: len(self.those(outcome)) for outcome in Outcome}

    def headline(self) -> str:
        """One sentence: how many rules, and what of them."""
        failed, unknown = len(self.those(Outcome.FAILED)), len(self.those(Outcome.NOT_EVALUATED))
        if not failed and not unknown:
            return f"Every one of {format_count(len(self.results), 'rule')} of {self.target} holds."
        parts = [f"{format_count(failed, 'rule')} of {self.target} {'is' if failed == 1 else 'are'} broken"]
        if unknown:
            parts.append(f"{unknown} could not be evaluated")
        return f"{' and '.join(parts if failed else parts[1:])}, of {format_count(len(self.results), 'rule')}."

    def told(self, result: CheckResult) -> str:
        """One bad rule in words: since when, what, which rows, where it stands."""
        days = self.days.get(result.rule_id, 1)
        since = f" (day {days})" if days > 1 else ""
        unknown = "could not evaluate: " if result.outcome is Outcome.NOT_EVALUATED else ""
        keys = ", ".join(result.keys[:_KEYS_SHOWN])
        more = len(result.keys) - _KEYS_SHOWN
        which = f" Keys: {keys}{f' and {more} more' if more > 0 else ''}." if keys else ""
        source = f" [{result.source}]" if result.source else ""
        return f"{result.subject}{since}: {unknown}{result.sentence or result.rule_id}{which}{source}"

    def markdown(self) -> str:
        """The verdict, a table of what is bad, how to see it, and what is well again."""
        took = format_duration(self.finished - self.started)
        how = "in full" if self.full else "as every night"
        scanned = f"{format_count(self.tables, 'table')} scanned by {format_count(self.statements, 'statement')}"
        parts = [f"**{self.headline()}**", f"Checked {how}: {scanned} in {took}."]
        if self.bad:
            rows = [
                (result.severity, result.outcome.value, self.told(result), str(result.rows or ""))
                for result in self.bad
            ]
            parts.append(markdown_table(("severity", "outcome", "rule", "rows"), rows))
        shown = [(result, result.sql) for result in self.bad if result.sql]
        if shown:
            parts.append("\n".join(["```sql", *(f"-- {result.subject}\n{sql};" for result, sql in shown), "```"]))
        if self.recovered:
            parts.append("\n".join(f"- Well again: {rule_id}" for rule_id in self.recovered))
        if self.docs:
            parts.append(f"Data docs: `{self.docs}`")
        return "\n\n".join(parts)
