"""AuditEntry: one thing that was done, asked or allowed, in few words for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """``by`` is who did it, empty where nobody is named; ``facts`` are names and values of few words each."""

    when: datetime
    action: str
    by: str
    facts: tuple[tuple[str, str], ...]
