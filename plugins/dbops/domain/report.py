"""Report: what every job returns - facts, a verdict, and a text for people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Whether people may go on sleeping."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The base of every job's report. All of it may be shown to whoever may see the job: no secrets, no rows."""

    job: str
    target: str
    started: datetime
    finished: datetime

    @property
    def verdict(self) -> Verdict:
        """OK unless a kind of report says otherwise."""
        return Verdict.OK

    def markdown(self) -> str:
        """The report for people."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The report for machines: one JSON document, times in ISO 8601, durations in seconds."""
        return json.dumps({**asdict(self), "verdict": self.verdict}, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)
