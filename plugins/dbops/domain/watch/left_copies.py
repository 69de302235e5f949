"""Left copies: what was loaded for a swap that did not take place takes its disk, until somebody decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.restores.left_copy import LeftCopy, way_on
from dbops.domain.restores.record import RestoreState
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.watch.problem import Problem, ProblemKind, key_of

_REMIND_AFTER = timedelta(days=1)


def left_problem(left: LeftCopy, now: datetime) -> Problem | None:
    """The reminder of a restored database that is still there; None while it is too young to be reminded of."""
    if now - left.since < _REMIND_AFTER:
        return None
    record = left.newest
    how = f"was {record.ended.word}: {record.ended.why}" if record.ended else f"came as far as {record.state}"
    is_good = record.state is RestoreState.VERIFIED
    return Problem(
        kind=ProblemKind.LEFT_COPY,
        key=key_of(record.target, ProblemKind.LEFT_COPY, left.database),
        target=record.target,
        sentence=(
            f"The database {left.database}, into which backup {record.backup_id} was loaded for a swap on "
            f"{record.planned:%Y-%m-%d}, is still there and takes its disk. The run {record.run} {how}."
        ),
        remedy=way_on(record) if is_good else f"Drop it (DROP DATABASE {quote_name(left.database)};).",
        since=left.since,
    )
