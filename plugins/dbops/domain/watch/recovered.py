"""Recovered: what a watch had told of and does not find any more, as one alert for each job of a target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.target import Target
from dbops.domain.watch.problem import ProblemKind, read_key
from dbops.domain.watch.problem_alerts import ProblemAlert, job_of
from dbops.domain.watch.report import WatchReport

# An alert that was not taken is over because everybody has been told of it by now.
_SELF_EVIDENT = {ProblemKind.NOT_NOTIFIED}


def recovered_alerts(
    report: WatchReport, targets: Mapping[str, Target], facts: Sequence[tuple[str, str]], link: str | None
) -> list[ProblemAlert]:
    """One for each target and job of which people had been told and nothing is left; by it a pager closes what is open.

    Of checks and probes whose last run was not well, the job itself tells when they are. The end of what belongs to no
    target, such as a file that cannot be read, is in the log.
    """
    left = {(problem.target, job_of(problem.kind)) for problem in report.problems} | report.unwell
    over: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in report.recovered:
        name, what, kind = read_key(key)
        if name in targets and kind is not None and kind not in _SELF_EVIDENT:
            over[name, job_of(kind)].append(what)
    return [
        ProblemAlert(
            Alert(
                severity=Severity.RECOVERED,
                job=job,
                target=name,
                environment=targets[name].environment,
                headline=f"Resolved, as the watch sees {name} now: {'; '.join(what)}.",
                remedy="There is nothing left to do about it.",
                details=tuple(f"Still true: {one.sentence}" for one in report.problems if one.target == name),
                facts=tuple(facts),
                link=link,
            ),
            targets[name].audience,
            frozenset(f"{name}: {one}" for one in what),
        )
        for (name, job), what in over.items()
        if (name, job) not in left
    ]
