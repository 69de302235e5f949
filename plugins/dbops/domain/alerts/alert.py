"""Alert: what is mailed when a report is not ok, or when a report is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is; the first word of the subject."""

    FAILED = "FAILED"
    MISSING = "MISSING"
    WARNING = "WARNING"
    APPROVAL = "APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    BREAK_GLASS = "BREAK GLASS"
    DONE = "DONE"
    RECOVERED = "RECOVERED"
    DIGEST = "DIGEST"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One thing a person should know: what, where, how bad, and what to do next.

    ``job`` is a noun people use ("backup"), ``target`` None where no single database is concerned. ``headline`` is one
    sentence; ``stake`` is what a yes does, label and value, where people are asked for one; ``details`` are further
    sentences, and of each what stands below its first line is code, such as SQL; ``well_again`` names what was bad in
    the last run and is not now; ``facts`` are label and value; ``link`` leads to what ``link_to`` names, and ``page``
    to where Database Ops shows it. It never holds a credential or a row's value.
    """

    severity: Severity
    job: str
    headline: str
    remedy: str = ""
    target: str | None = None
    environment: str | None = None
    stake: tuple[tuple[str, str], ...] = ()
    details: tuple[str, ...] = ()
    well_again: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    link: str | None = None
    link_to: str = "log"
    page: str | None = None

    @property
    def subject(self) -> str:
        """Sorts and filters well: ``[dbops] FAILED backup of summary_app (production)``."""
        place = f" of {self.target}" if self.target else ""
        kind = f" ({self.environment})" if self.environment else ""
        return f"[dbops] {self.severity} {self.job}{place}{kind}"
