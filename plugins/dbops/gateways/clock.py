"""Clock: what time it is, for whoever starts a job; jobs and rules are given the moment, or a clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The moment, by this machine's clock."""
    return datetime.now(UTC)
