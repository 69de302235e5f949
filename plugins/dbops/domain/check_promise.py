"""Check promise: rules that nobody has asked about lately are as silent as rules that hold."""

from __future__ import annotations

from datetime import datetime

from dbops.domain.promises import Problem, ProblemKind
from dbops.domain.quantities import format_duration
from dbops.domain.target import Target


def not_checked(target: Target, newest: datetime | None, now: datetime) -> Problem | None:
    """The problem of a target with rules whose last checks began too long ago; None where its file asks for none.

    ``newest`` is when the last run began, None where there was none: then the first is still to come, and its DAG
    tells how it went.
    """
    within = target.checks.late_after
    if target.schedule.check is None or newest is None or now - newest <= within:
        return None
    return Problem(
        kind=ProblemKind.NOT_CHECKED,
        key=f"{target.name}: {ProblemKind.NOT_CHECKED}",
        target=target.name,
        sentence=(
            f"The rules of {target.name} were last checked {format_duration(now - newest)} ago, and checks.late_after "
            f"promises {format_duration(within)}."
        ),
        remedy=f"Look at the last runs of check__{target.name}, or start one.",
        since=newest + within,
    )
