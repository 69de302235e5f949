"""MigrationReport: what a migration came to, how the operations fare that it touches, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep, StepState
from dbops.domain.migrations.touched_probes import ProbeReadings, TouchedProbes
from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import plain_text
from dbops.domain.words.quantities import format_count, format_duration


@dataclass(frozen=True, kw_only=True)
class MigrationReport(Report):
    """Of one run, by its record."""

    job: str = "migrate"
    record: MigrationRecord

    @property
    def verdict(self) -> Verdict:
        """FAILED unless all was applied and the post-check found nothing wrong; no duration decides anything."""
        record = self.record
        if not record.steps:
            return Verdict.OK
        if record.state is not MigrationState.DONE or record.checked is None or record.checked.faults:
            return Verdict.FAILED
        return Verdict.WARNING if record.checked.remarks else Verdict.OK

    @property
    def probes(self) -> TouchedProbes:
        """How the touched operations fared before, and fare now."""
        return TouchedProbes(before=self.record.before or ProbeReadings(), after=self.record.after or ProbeReadings())

    @property
    def applied(self) -> tuple[str, ...]:
        """Each migration that is in force, and how."""
        return tuple(f"{step.name}: {_outcome(step)}" for step in self.record.steps if step.state is StepState.APPLIED)

    def headline(self) -> str:
        """One sentence."""
        record = self.record
        if not record.steps:
            return f"There is nothing to migrate in {record.target}: every migration is applied."
        if record.state is not MigrationState.DONE:
            return record.failure or f"{record.target} is NOT migrated: this run got as far as {record.state}."
        what = f"{record.target} is migrated: {self._counts()}"
        if record.checked is None:
            return f"{what}; nobody has checked it yet."
        return f"{what}{', and the post-check FAILED' if record.checked.faults else ', and checked'}."

    def _counts(self) -> str:
        marked = [step.name for step in self.record.steps if step.marked]
        executed = len(self.record.steps) - len(marked)
        told = [f"{name} is marked as applied" for name in marked]
        told += [f"{format_count(executed, 'migration')} applied"] if executed else []
        return ", ".join(told)

    def markdown(self) -> str:
        """What was done, what the post-check says, the touched operations before and after, and what is left to do."""
        record = self.record
        parts: list[str] = [plain_text(self.headline())]
        if record.steps:
            parts.append(markdown_table(("migration", "", "took"), (_row(step) for step in record.steps)))
        parts += self._checked()
        if table := self.probes.table():
            parts += ["Operations on the tables that were touched:", table]
        parts += [plain_text(sentence) for sentence in self.probes.sentences]
        if left := self.what_is_left():
            parts.append(plain_text(left))
        return "\n\n".join(parts)

    def _checked(self) -> Iterator[str]:
        checked = self.record.checked
        if checked is None:
            return
        if not checked.faults:
            yield "The schema is what the migrations make of an empty database, and every index is valid."
        if told := (*checked.faults, *checked.remarks):
            yield "\n".join(f"- {plain_text(sentence)}" for sentence in told)

    def what_is_left(self) -> str:
        """What is left for people to do; empty where nothing was applied."""
        record = self.record
        if record.state is not MigrationState.DONE or not record.steps:
            return record.remedy
        backup = f" The backup {record.backup_id} was made right before." if record.backup_id else ""
        if record.checked and record.checked.faults:
            return f"What was applied stays applied. Compare, and correct it by another migration.{backup}"
        folder = f"include/sql/{record.target}/migrations"
        return (
            f"Have the same folders as {folder} in the application's prisma/migrations: the ledger names them, and "
            f"prisma migrate deploy goes on from there.{backup}"
        )


def _row(step: MigrationStep) -> tuple[str, str, str]:
    took = format_duration(timedelta(seconds=step.seconds)) if step.ended and not step.marked else "-"
    return step.name, _outcome(step), took


def _outcome(step: MigrationStep) -> str:
    if step.marked and step.state is StepState.APPLIED:
        return "marked as applied: the baseline"
    told = f": {step.said}" if step.state is StepState.FAILED and step.said else ""
    return f"{step.state}{told}"
