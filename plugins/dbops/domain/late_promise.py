"""Late promise: what nobody has looked at lately is as silent as what is well."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.promises import Problem, ProblemKind, problem_of
from dbops.domain.quantities import format_duration
from dbops.domain.target import Target
from dbops.domain.target_index import TargetIndex


def not_checked(target: Target, index: TargetIndex, now: datetime) -> Problem | None:
    """The problem of a target with rules whose last checks began too long ago; None where its file asks for none.

    Also where there was no run yet: then the first is still to come, and its DAG tells how it went.
    """
    if target.schedule.check is None or index.checks is None:
        return None
    return _late(
        target,
        ProblemKind.NOT_CHECKED,
        f"The rules of {target.name} were last checked",
        index.checks.check_id.time,
        now,
        promise=("checks.late_after", target.checks.late_after),
        dag="check",
    )


def not_probed(target: Target, index: TargetIndex, now: datetime) -> Problem | None:
    """The problem of a target with probes whose last run began too long ago; as for ``not_checked``."""
    if target.schedule.probe is None or index.probes is None:
        return None
    return _late(
        target,
        ProblemKind.NOT_PROBED,
        f"The operations of {target.name} were last timed",
        index.probes.probe_id.time,
        now,
        promise=("probes.late_after", target.probes.late_after),
        dag="probe",
    )


def _late(
    target: Target,
    kind: ProblemKind,
    what: str,
    newest: datetime,
    now: datetime,
    *,
    promise: tuple[str, timedelta],
    dag: str,
) -> Problem | None:
    setting, within = promise
    if now - newest <= within:
        return None
    return problem_of(
        target,
        kind,
        f"{what} {format_duration(now - newest)} ago, and {setting} promises {format_duration(within)}.",
        f"Look at the last runs of {dag}__{target.name}, or start one.",
        since=newest + within,
    )
