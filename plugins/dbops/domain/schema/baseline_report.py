"""BaselineReport: what a live schema has that its schema.yaml has not, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_text import code_block
from dbops.domain.words.quantities import format_count


@dataclass(frozen=True, kw_only=True)
class BaselineReport(Report):
    """``written`` are files below include/. ``differences`` are sentences on what has changed, ``diff`` is the file's.

    ``accepted`` says that schema.yaml took them over. ``notes`` are what a person should look at all the same, and
    ``faults`` the suites that cannot be read.
    """

    job: str = "baseline"
    folder: str
    tables: int
    written: tuple[str, ...]
    differences: tuple[str, ...] = ()
    diff: str = ""
    accepted: bool = False
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """WARNING where the schema is not its baseline and nobody has accepted that, or a suite cannot be read."""
        return Verdict.WARNING if self.faults or (self.diff and not self.accepted) else Verdict.OK

    def summary(self) -> str:
        """What was found and done, in a sentence."""
        if f"{self.folder}/schema.yaml" in self.written and not self.diff:
            return (
                f"Wrote the baseline of {self.target}, {format_count(self.tables, 'table')}, "
                f"to include/{self.folder}. Read it, correct it, and commit it."
            )
        if not self.diff:
            return f"The schema of {self.target} is its baseline: {format_count(self.tables, 'table')}."
        if self.accepted:
            return f"The baseline of {self.target} took over what the live schema is. Review and commit it."
        return (
            f"The schema of {self.target} is not its baseline, and nothing was overwritten. Put the database right, or "
            f"let the baseline take this over: `python -m dbops baseline {self.target} --accept`."
        )

    def markdown(self) -> str:
        """The summary, what differs, the diff of the file, and which files were written."""
        parts = [self.summary()]
        if self.differences:
            parts.append("\n".join(f"- {sentence}" for sentence in self.differences))
        if self.diff:
            parts.append(code_block(self.diff.rstrip(), "diff"))
        if self.written:
            parts.append("Written:\n\n" + "\n".join(f"- include/{path}" for path in self.written))
        if self.faults:
            parts.append("Files that cannot be used:\n\n" + "\n".join(f"- {fault}" for fault in self.faults))
        if self.notes:
            parts.append("To look at:\n\n" + "\n".join(f"- {note}" for note in self.notes))
        return "\n\n".join(parts)
