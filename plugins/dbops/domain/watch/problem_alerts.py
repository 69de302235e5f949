"""Problem alerts: what a watch found, as one alert for each target: nobody gets five mails about one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.audience import Audience
from dbops.domain.target import Target
from dbops.domain.watch.problem import Problem, ProblemKind
from dbops.domain.words.quantities import format_moment

_MISSING = frozenset({ProblemKind.NO_BACKUP, ProblemKind.LATE, ProblemKind.NOT_CHECKED, ProblemKind.NOT_PROBED})
_JOBS = {
    ProblemKind.NOT_CHECKED: "check",
    ProblemKind.NOT_PROBED: "probe",
    ProblemKind.NOT_NOTIFIED: "alert",
    ProblemKind.RESTORE_REFUSED: "restore",
}
_FAILED = frozenset({ProblemKind.UNREACHABLE, ProblemKind.NOT_GOOD, ProblemKind.FAULT, ProblemKind.NOT_NOTIFIED})
# Daily, for a watch that runs hourly and not always at the same second.
_REPEAT_AFTER = timedelta(hours=23, minutes=30)


@dataclass(frozen=True)
class ProblemAlert:
    """One alert, whom it reaches, and the keys of the problems that it is about."""

    alert: Alert
    audience: Audience
    keys: frozenset[str]


def is_still_told(told: datetime, now: datetime) -> bool:
    """Whether a problem that was told then need not be told again yet, by mail or to a notifier.

    One "told" in the future was told by a wrong clock, and would be silent until then.
    """
    return told <= now < told + _REPEAT_AFTER


def job_of(kind: ProblemKind) -> str:
    """Under which job's name a target's problem of that kind is told."""
    return _JOBS.get(kind, "backup")


def problem_alerts(
    problems: Sequence[Problem], targets: Mapping[str, Target], facts: Sequence[tuple[str, str]], link: str | None
) -> list[ProblemAlert]:
    """One for each target with problems, to its audience, and one for what belongs to no target, to everybody.

    ``problems`` are worst first; the worst gives each alert its headline and its severity.
    """
    everybody = Audience.together(target.audience for target in targets.values())
    subjects = dict.fromkeys(problem.target if problem.target in targets else None for problem in problems)
    alerts = []
    for name in subjects:
        own = [problem for problem in problems if (problem.target if problem.target in targets else None) == name]
        target = targets.get(name) if name else None
        alerts.append(
            ProblemAlert(
                _alert(own, target, facts, link),
                target.audience if target else everybody,
                frozenset(problem.key for problem in own),
            )
        )
    return alerts


def _alert(
    problems: Sequence[Problem], target: Target | None, facts: Sequence[tuple[str, str]], link: str | None
) -> Alert:
    worst, *others = problems
    since = () if worst.since is None else (("Since", format_moment(worst.since)),)
    return Alert(
        severity=_severity(worst.kind),
        job=job_of(worst.kind) if target else "reading of include/targets",
        target=target.name if target else None,
        environment=target.environment if target else None,
        headline=worst.sentence,
        remedy=worst.remedy,
        details=(*worst.points, *(problem.told for problem in others)),
        facts=(*since, ("Repeated", "daily, as long as it lasts"), *facts),
        link=link,
    )


def _severity(kind: ProblemKind) -> Severity:
    if kind in _MISSING:
        return Severity.MISSING
    return Severity.FAILED if kind in _FAILED else Severity.WARNING
