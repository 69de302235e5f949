"""watch: compare what every target promises with what its bucket shows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.fault import Fault
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedOrigin, TargetIndex
from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.late_promise import late_promises
from dbops.domain.watch.left_to_task import LEFT, heard, left_to_tasks
from dbops.domain.watch.problem import Problem, ProblemKind, fault_problem, paused_problem, read_key
from dbops.domain.watch.problem_alerts import is_still_told
from dbops.domain.watch.promises import broken_promises
from dbops.domain.watch.report import WatchReport
from dbops.domain.watch.restore_refused import refused_restores
from dbops.domain.watch.same_database import same_database_problems
from dbops.errors import DbopsError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.target_indexes import build_index, update_index
from dbops.jobs.each_apart import each_apart
from dbops.jobs.error_in_words import error_in_words
from dbops.jobs.restores.kept_databases import kept_databases
from dbops.jobs.watch.lost_files import lost_files


def watch(
    targets: Sequence[Target],
    faults: Sequence[Fault],
    open_bucket: Callable[[Target], Bucket],
    *,
    clock: Callable[[], datetime],
    memory: Mapping[str, datetime],
    names: IncludedNames,
    known: KnownTargets,
    paused: Collection[str] = (),
    ping: Callable[[str], None],
    exists: Callable[[Target, str], bool],
    noticed: Sequence[Problem] = (),
    told: Mapping[str, datetime] | None = None,
) -> WatchReport:
    """Look at every target's bucket, rebuild its index, and say which promises are not kept and which to mail now.

    ``memory`` and ``known`` are the last report's; ``names`` are those that stand in include/; ``paused`` are the ids
    of paused DAGs; ``ping`` requests a heartbeat address; ``exists`` says whether a target's server has a database of
    that name; ``noticed`` are problems the caller knows, and ``told`` when somebody else has told of one, by its key.
    What fails for one target is a problem of that target, or a warning; nothing is raised.
    """
    started = clock()
    views = each_apart(
        targets,
        lambda target: _look(target, open_bucket(target), clock, exists),
        lambda target, error: _View(broken_promises(target, _why_blind(target, error), clock()), is_blind=True),
    )
    backed_up = [target.name for target, view in zip(targets, views, strict=True) if view.has_backups]
    lost = lost_files(targets, names, known.see(backed_up, started), open_bucket, started)
    problems = [problem for view in views for problem in view.problems] + lost.problems
    problems += same_database_problems((target, view.origin) for target, view in zip(targets, views, strict=True))
    problems += [fault_problem(fault) for fault in faults]
    problems += [paused_problem(dag_id) for dag_id in sorted(paused)]
    problems += noticed
    problems.sort(key=lambda problem: (list(ProblemKind).index(problem.kind), problem.key))
    # Nobody can read which heartbeat a file asks for that is unreadable or gone.
    is_readable = not faults and not lost.problems and names.retired is not None
    urls = _healthy_heartbeats(targets, problems) if is_readable else []
    answers: list[str | None] = each_apart(urls, ping, lambda _, error: error_in_words(error, "a heartbeat"))
    refusals = [answer for answer in answers if answer is not None]

    blind = {target.name for target, view in zip(targets, views, strict=True) if view.is_blind} | lost.hidden
    seen = {target.name for target in targets}
    memory = heard(memory, told or {}, {problem.key for problem in problems})
    due, kept, recovered = _remember(problems, memory, started, lambda key: _may_be_hidden(key, blind, seen, faults))
    return WatchReport(
        started=started,
        finished=clock(),
        targets=len(targets),
        problems=tuple(problems),
        due=tuple(due),
        recovered=tuple(recovered),
        unwell=frozenset().union(*(view.unwell for view in views)),
        memory=kept,
        known=lost.known,
        heartbeats=len(urls) - len(refusals),
        warnings=(*(view.warning for view in views if view.warning), *refusals),
    )


@dataclass(frozen=True)
class _View:
    problems: list[Problem]
    is_blind: bool = False
    has_backups: bool = False
    origin: IndexedOrigin | None = None
    warning: str = ""
    unwell: frozenset[tuple[str, str]] = frozenset()


def _look(
    target: Target, bucket: Bucket, clock: Callable[[], datetime], exists: Callable[[Target, str], bool]
) -> _View:
    index = build_index(bucket, target, clock())
    # At once: what a job tells there while a database server is waited for must not be undone.
    warning = _write_index(bucket, target, index)
    kept = kept_databases(target, bucket, exists, clock())
    now = clock()
    problems = [*broken_promises(target, index, now), *kept, *late_promises(target, index, now)]
    problems += refused_restores(target, index)
    return _View(problems, has_backups=bool(index.backups), origin=index.origin, warning=warning, unwell=_unwell(index))


def _unwell(index: TargetIndex) -> frozenset[tuple[str, str]]:
    checks, probes = index.checks, index.probes
    told = {
        "check": checks is not None and (checks.is_red or checks.warnings > 0),
        "probe": probes is not None and probes.well < probes.total,
    }
    return frozenset((index.target, job) for job, is_unwell in told.items() if is_unwell)


def _why_blind(target: Target, error: Exception) -> str:
    place = f"The backups of {target.name} in s3://{target.storage.bucket}/{target.root} cannot be looked at"
    return f"{place}: {error_in_words(error, f'looking at {target.name}')}"


def _write_index(bucket: Bucket, target: Target, index: TargetIndex) -> str:
    try:
        update_index(bucket, target, index)
    except DbopsError as error:
        return f"The index of {target.name} could not be written: {error}"
    return ""


def _healthy_heartbeats(targets: Iterable[Target], problems: Iterable[Problem]) -> list[str]:
    # Reminders, what is wrong with an alert's way only, and with whoever would restore: none is against the backups.
    harmless = {
        ProblemKind.OLD_DATABASE,
        ProblemKind.LEFT_COPY,
        ProblemKind.NOT_NOTIFIED,
        ProblemKind.RESTORE_REFUSED,
    }
    ill = {problem.target for problem in problems if problem.kind not in harmless}
    health: dict[str, bool] = {}
    for target in targets:
        url = target.alerts.heartbeat_url
        if url is not None:
            health[url] = health.get(url, True) and target.name not in ill
    return [url for url, well in health.items() if well]


def _remember(
    problems: Sequence[Problem],
    memory: Mapping[str, datetime],
    now: datetime,
    may_be_hidden: Callable[[str], bool],
) -> tuple[list[Problem], dict[str, datetime], list[str]]:
    # A mail "sent" in the future was sent by a wrong clock, and would silence the problem until then.
    mailed = {key: moment for key, moment in memory.items() if moment <= now}
    silent = {key for key, moment in mailed.items() if is_still_told(moment, now)}
    left = left_to_tasks(problems, mailed, now)
    due = [problem for problem in problems if problem.key not in silent | left]
    current = {problem.key for problem in problems}
    hidden = {key: moment for key, moment in mailed.items() if key not in current and may_be_hidden(key)}
    recovered = [key for key in mailed if key not in current and key not in hidden]
    kept = {problem.key: mailed[problem.key] if problem.key in silent else now for problem in problems}
    return due, kept | dict.fromkeys(left, LEFT) | hidden, recovered


def _may_be_hidden(key: str, blind: Collection[str], seen: Collection[str], faults: Collection[Fault]) -> bool:
    """Whether a problem that was not found may still be there: its target could not be looked at, or not even read.

    Of what several targets share none is known while one of them may be among those.
    """
    subject, _, kind = read_key(key)
    if kind is ProblemKind.SAME_DATABASE:
        return bool(blind or faults)
    return subject in blind or (bool(faults) and subject not in seen and subject.isidentifier())
