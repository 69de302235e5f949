"""ExpireReport: what stayed, what went, and why."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.retention import age_of
from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.quantities import format_bytes, format_count


@dataclass(frozen=True, kw_only=True)
class ExpireReport(Report):
    """Each backup id with its reasons; with ``dry_run`` everything is what would have been done.

    ``swept`` are leftovers of backups that never finished; ``aborted_uploads`` the keys of unfinished uploads.
    """

    job: str = "expire"
    kept: dict[BackupId, tuple[str, ...]]
    expired: dict[BackupId, tuple[str, ...]]
    swept: dict[BackupId, tuple[str, ...]]
    aborted_uploads: tuple[str, ...]
    objects: int
    freed_bytes: int
    dry_run: bool
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """WARNING where something in the bucket cannot be understood and was therefore left alone."""
        return Verdict.WARNING if self.warnings else Verdict.OK

    def summary(self) -> str:
        """What was done in a sentence, and the warnings."""
        done = "Would expire" if self.dry_run else "Expired"
        sentence = (
            f"{done} {format_count(len(self.expired), 'backup')} of {self.target}, kept {len(self.kept)}, swept "
            f"{format_count(len(self.swept), 'leftover')} and "
            f"{format_count(len(self.aborted_uploads), 'unfinished upload')}: "
            f"{format_count(self.objects, 'object')}, {format_bytes(self.freed_bytes)}."
        )
        return "\n".join([sentence, *(f"- {warning}" for warning in self.warnings)])

    def markdown(self) -> str:
        """The summary, and a table of every backup, newest first."""
        rows = [
            (backup_id, age_of(backup_id, self.started), verdict, "; ".join(reasons))
            for verdict, decided in (("keep", self.kept), ("expire", self.expired), ("sweep", self.swept))
            for backup_id, reasons in decided.items()
        ]
        table = markdown_table(("backup", "age", "verdict", "reasons"), sorted(rows, reverse=True))
        return f"{self.summary()}\n\n{table}" if rows else self.summary()
