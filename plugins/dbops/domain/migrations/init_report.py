"""InitReport: the migration with which a database's history begins was written, and proven."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.report import Report
from dbops.domain.words.quantities import format_count


@dataclass(frozen=True, kw_only=True)
class InitReport(Report):
    """``written`` are files below include/, ``tables`` how many the schema has. ``notes`` are to be looked at."""

    job: str = "init_migrations"
    tables: int
    written: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """What was done, in a sentence."""
        return (
            f"Wrote the schema of {self.target}, {format_count(self.tables, 'table')}, as its first migration, and "
            "proved on an empty database that it makes just that. Read it and commit it."
        )

    def markdown(self) -> str:
        """The summary, the files, what to look at, and the next step."""
        parts = [self.summary(), "\n".join(f"- include/{path}" for path in self.written)]
        if self.notes:
            parts.append("To look at:\n\n" + "\n".join(f"- {note}" for note in self.notes))
        parts.append(f"Next: `python -m dbops migrate {self.target} --plan`.")
        return "\n\n".join(parts)
