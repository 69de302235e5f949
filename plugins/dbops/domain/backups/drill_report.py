"""DrillReport: what was proven, or why nothing had to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.backups.verification import Verification
from dbops.domain.report import Report, Verdict
from dbops.domain.words.markdown_text import plain_text
from dbops.domain.words.quantities import format_bytes, format_count, format_duration
from dbops.errors import BackupUnusable

_ERRORS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class DrillReport(Report):
    """``verification`` is None where no drill was due; ``reason`` says why, or why not."""

    job: str = "drill"
    reason: str
    verification: Verification | None = None

    @property
    def verdict(self) -> Verdict:
        """FAILED where the backup is not what it says, WARNING where something about it is odd."""
        if self.verification is None:
            return Verdict.OK
        if not self.verification.ok:
            return Verdict.FAILED
        return Verdict.WARNING if self.verification.warnings else Verdict.OK

    def require_proof(self) -> None:
        """Raise BackupUnusable where the backup was drilled and is not what it says."""
        proof = self.verification
        if proof is not None and not proof.ok:
            errors = " ".join(proof.errors[:_ERRORS_SHOWN])
            raise BackupUnusable(
                f"Backup {proof.backup_id} of {proof.target} FAILED its drill: {errors}",
                "Make a new backup now, hold an older good one, and find out what is wrong with this one: it stays for "
                "retention.keep_failed. Drill it again if you doubt it.",
            )

    def markdown(self) -> str:
        """One paragraph, and the findings."""
        proof = self.verification
        if proof is None:
            return f"No drill of {self.target} is due: {self.reason}."
        return f"{verification_markdown(proof)}\n\nWhy now: {self.reason}."


def verification_markdown(proof: Verification) -> str:
    """The verdict in a paragraph, and each finding in a line."""
    word = "is proven" if proof.ok else "FAILED its verification"
    lines = [f"Backup **{proof.backup_id}** of {proof.target} {word}{_measured(proof)}."]
    lines += [f"- **{plain_text(sentence)}**" for sentence in proof.errors]
    lines += [f"- {plain_text(sentence)}" for sentence in proof.warnings]
    return "\n".join(lines[:1] + ([""] if lines[1:] else []) + lines[1:])


def _measured(proof: Verification) -> str:
    if not proof.was_loaded:
        return ": it could not be loaded, so nothing was counted or timed"
    return (
        f": {format_count(proof.tables, 'table')}, {format_count(proof.rows, 'row')} on PostgreSQL "
        f"{proof.server_version}. The recovery took {_seconds(proof.recovery_seconds)}: "
        f"{format_bytes(proof.bytes_downloaded)} loaded in {_seconds(proof.load_seconds)}, ANALYZE "
        f"{_seconds(proof.analyze_seconds)}, verification {_seconds(proof.verify_seconds)}"
    )


def _seconds(number: float) -> str:
    return format_duration(timedelta(seconds=number))
