"""What numbers and times in our records in the bucket may be: with these everything can be compared, added and shown.

Who reads a record that says otherwise gets a ValueError, as for anything that is none of ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

# Years and zones can be added to these, and the calendar does not end.
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)


def _in_calendar(moment: datetime) -> datetime:
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if not _FIRST <= known <= _LAST:
        raise ValueError("it is too near the end of the calendar")
    return known


Moment = Annotated[datetime, AfterValidator(_in_calendar)]
"""A time; without a zone it means UTC, like every time in the bucket."""

Whole = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""Bytes, rows, or anything else that is counted, as PostgreSQL counts."""

Real = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
"""Seconds, milliseconds, or anything else that is measured."""
