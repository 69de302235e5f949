"""BackupReport: what a finished backup has to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.report import Report, Verdict
from dbops.domain.words.quantities import format_bytes, format_count, format_duration


@dataclass(frozen=True, kw_only=True)
class BackupReport(Report):
    """A finished backup; ``warnings`` are sentences on what is odd about it, such as that it shrank.

    ``notes`` are sentences on what is as it should be, and worth knowing.
    """

    job: str = "backup"
    backup_id: str
    location: str
    tables: int
    rows: int
    stored_bytes: int
    database_bytes: int
    seconds: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """WARNING where something is odd: the backup exists all the same."""
        return Verdict.WARNING if self.warnings else Verdict.OK

    def markdown(self) -> str:
        """One paragraph, and the warnings."""
        took = format_duration(timedelta(seconds=self.seconds))
        lines = [
            f"Backup **{self.backup_id}** of {self.target}: {format_count(self.tables, 'table')}, "
            f"{format_count(self.rows, 'row')}, {format_bytes(self.stored_bytes)} stored of "
            f"{format_bytes(self.database_bytes)} on the server, in {took}.",
            "",
            f"It is stored in `{self.location}`.",
        ]
        lines += [line for note in self.notes for line in ("", note)]
        if self.warnings:
            lines += ["", *(f"- {warning}" for warning in self.warnings)]
        return "\n".join(lines)
