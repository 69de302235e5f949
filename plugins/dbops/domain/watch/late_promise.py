"""Late promise: what nobody has looked at lately is as silent as what is well."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from dbops.domain.watch.promises import good_backups
from dbops.domain.words.quantities import format_duration


def late_promises(target: Target, index: TargetIndex, now: datetime) -> list[Problem]:
    """The problems of a target whose rules were not checked, or whose operations were not timed, as promised."""
    return [late for late in (_not_checked(target, index, now), _not_probed(target, index, now)) if late]


def _not_checked(target: Target, index: TargetIndex, now: datetime) -> Problem | None:
    """The problem of a target with rules whose last checks began too long ago; None where its file asks for none.

    Where there was no run yet, measured from its oldest good backup: a young target has time for its first checks, and
    a DAG that is not there cannot tell that it never ran.
    """
    if target.schedule.check is None or (index.checks is None and not target.has_rules):
        return None
    return _late(
        target,
        ProblemKind.NOT_CHECKED,
        index,
        index.checks.check_id.time if index.checks else None,
        now,
        words=("The rules", "checked"),
        promise=("checks.late_after", target.checks.late_after),
        dag="check",
    )


def _not_probed(target: Target, index: TargetIndex, now: datetime) -> Problem | None:
    """The problem of a target with probes whose last run began too long ago; as for ``_not_checked``."""
    if target.schedule.probe is None or (index.probes is None and not target.has_probes):
        return None
    return _late(
        target,
        ProblemKind.NOT_PROBED,
        index,
        index.probes.probe_id.time if index.probes else None,
        now,
        words=("The operations", "timed"),
        promise=("probes.late_after", target.probes.late_after),
        dag="probe",
    )


def _oldest(index: TargetIndex, now: datetime) -> datetime:
    """When the oldest good backup was finished; now where there is none, for then that is the problem."""
    return min((backup.finished for backup in good_backups(index, now)), default=now)


def _late(
    target: Target,
    kind: ProblemKind,
    index: TargetIndex,
    newest: datetime | None,
    now: datetime,
    *,
    words: tuple[str, str],
    promise: tuple[str, timedelta],
    dag: str,
) -> Problem | None:
    (what, done), (setting, within) = words, promise
    since = newest or _oldest(index, now)
    if now - since <= within:
        return None
    ago = format_duration(now - since)
    told = (
        f"{what} of {target.name} were last {done} {ago} ago,"
        if newest
        else f"{what} of {target.name} were never {done}, as far as its bucket tells: its oldest good backup was made "
        f"{ago} ago,"
    )
    return problem_of(
        target,
        kind,
        f"{told} and {setting} promises {format_duration(within)}.",
        f"Look at the last runs of {dag}__{target.name}, or start one.",
        since=since + within,
    )
