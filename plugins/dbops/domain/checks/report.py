"""CheckReport: which rules hold, which are broken, and which nobody could ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dbops.domain.backups.backup import BackupId
from dbops.domain.checks.suite import CheckResult, Outcome, worst_first
from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import code_block
from dbops.domain.words.printable import printable
from dbops.domain.words.quantities import format_count, format_duration

_KEYS_SHOWN = 5
_PROVES_ROWS = re.compile(r" VALIDATE CONSTRAINT |^CREATE UNIQUE INDEX ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class CheckReport(Report):
    """``days`` is for how many days in a row each bad rule has been bad; ``recovered`` are those that are well again.

    ``was_red`` says that the run before failed, ``docs`` is where the data docs lie, empty where none were kept.
    ``operations`` is how many of the application's operations work, by model; empty where there is no probe of any.
    ``notes`` are sentences on what is worth knowing, and nothing to alert anybody about. ``last_well`` is when the last
    run that was not red began, and ``backup_before`` the newest good backup that had begun by then, both None where
    nobody knows; the second also where somebody holds it already.
    """

    job: str = "check"
    full: bool
    results: tuple[CheckResult, ...]
    statements: int
    tables: int
    days: Mapping[str, int] = field(default_factory=dict)
    recovered: tuple[str, ...] = ()
    was_red: bool = False
    docs: str = ""
    operations: str = ""
    notes: tuple[str, ...] = ()
    last_well: datetime | None = None
    backup_before: BackupId | None = None

    def those(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        """The results with that outcome, errors first."""
        found = [result for result in self.results if result.outcome is outcome]
        return tuple(sorted(found, key=lambda result: result.severity != "error"))

    @property
    def bad(self) -> tuple[CheckResult, ...]:
        """What people have to look at: failed errors, then what could not be evaluated, then warnings."""
        return tuple(worst_first(result for result in self.results if result.is_bad))

    @property
    def verdict(self) -> Verdict:
        """FAILED where a rule that is an error is broken, or could not be asked; WARNING for all other bad ones."""
        if any(result.is_red for result in self.results):
            return Verdict.FAILED
        return Verdict.WARNING if self.bad else Verdict.OK

    def counts(self) -> dict[str, int]:
        """How many rules had each outcome."""
        return {outcome.value: len(self.those(outcome)) for outcome in Outcome}

    def headline(self) -> str:
        """How many rules, and what of them."""
        failed, unknown = len(self.those(Outcome.FAILED)), len(self.those(Outcome.NOT_EVALUATED))
        if not failed and not unknown:
            rules = format_count(len(self.results), "rule")
            return f"{'The only rule' if len(self.results) == 1 else f'Every one of {rules}'} of {self.target} holds."
        parts = [f"{format_count(failed, 'rule')} of {self.target} {'is' if failed == 1 else 'are'} broken"]
        if unknown:
            parts.append(f"{unknown} could not be evaluated")
        said = f"{' and '.join(parts if failed else parts[1:])}, of {format_count(len(self.results), 'rule')}."
        warnings = sum(result.severity == "warning" for result in self.bad)
        if warnings == len(self.bad):
            return f"{said} {'This is only a warning' if warnings == 1 else 'These are only warnings'}."
        only = "1 of these is only a warning" if warnings == 1 else f"{warnings} of these are only warnings"
        return f"{said} {only}." if warnings else said

    @property
    def is_old_news(self) -> bool:
        """Whether all that is bad has been so since an earlier day."""
        return bool(self.bad) and all(self.days.get(result.rule_id, 1) > 1 for result in self.bad)

    def told(self, result: CheckResult) -> str:
        """One bad rule in words: since when, what, which rows, where it stands."""
        days = self.days.get(result.rule_id, 1)
        since = f" (day {days})" if days > 1 else ""
        what = result.sentence or result.rule_id
        if result.outcome is Outcome.NOT_EVALUATED:
            rule = f' "{result.description}"' if result.description else ""
            what = f"could not evaluate{rule}: {what}"
        what = what.removeprefix(f"{result.subject} ")
        # What is told of a schema names the object itself, and says what it is.
        said = f"{what[0].upper()}{what[1:]}{since}" if result.how == "catalog" else f"{result.subject}{since}: {what}"
        source = f" [{result.source}]" if result.source else ""
        return f"{said}{_keys(result)}{source}"

    def rows_first(self, result: CheckResult) -> str:
        """What has to be done before ``result.sql`` can work, as a sentence: rows of that table break a rule. Or empty.

        It may be another rule than that of the constraint: then nothing is lost by looking there first.
        """
        if result.group != "schema" or not _PROVES_ROWS.search(result.sql):
            return ""
        broken = [one for one in self.results if one.group == "data" and one.outcome is Outcome.FAILED and one.rows]
        table = next((one.subject for one in broken if result.subject.startswith(f"{one.subject}.")), None)
        return f"First fix the rows of {table} that break a rule." if table else ""

    def markdown(self) -> str:
        """The verdict, a table of what is bad, how to see it, and what is well again."""
        took = format_duration(self.finished - self.started)
        how = "in full" if self.full else "the nightly subset"
        scanned = f"{format_count(self.tables, 'table')} scanned by {format_count(self.statements, 'statement')}"
        parts = [f"**{self.headline()}**", f"Checked {how}: {scanned} in {took}."]
        if self.operations:
            parts.append(f"Operations that work: {self.operations}.")
        if self.bad:
            rows = [
                (result.severity, result.outcome.value, self.told(result), str(result.rows or ""))
                for result in self.bad
            ]
            parts.append(markdown_table(("severity", "outcome", "rule", "rows"), rows))
        shown = [result for result in self.bad if result.sql]
        if shown:
            parts.append(code_block("\n".join(self._pasted(result) for result in shown), "sql"))
        if self.recovered:
            parts.append("\n".join(f"- Well again: {rule}" for rule in self.recovered))
        parts += self.notes
        if self.docs:
            parts.append(f"Data docs: `{self.docs}`")
        return "\n\n".join(parts)

    def _pasted(self, result: CheckResult) -> str:
        # On one line: what followed a line break in a name would be no comment, and people paste this.
        about = printable(" ".join(filter(None, [f"{result.subject}.", self.rows_first(result)])).rstrip("."))
        return f"-- {about}\n{result.sql.rstrip().removesuffix(';')};"


def _keys(result: CheckResult) -> str:
    if not result.keys:
        return ""
    # A key of several columns is told from several keys.
    shown = [f"({key})" if ", " in key else key for key in result.keys[:_KEYS_SHOWN]]
    left = max(result.rows or 0, len(result.keys)) - len(shown)
    more = f" and {left} more" if left > 0 else ""
    return f"{'' if result.sentence.endswith('.') else '.'} Keys: {', '.join(shown)}{more}."
