"""Reasons: what there is to say of a target, by its index and its DAGs, each a sentence with a light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.dag_state import JOBS, WATCH, DagState
from dbops.domain.watch.late_promise import late_promises
from dbops.domain.watch.light import LIGHTS, Light, Sign
from dbops.domain.watch.problem import ProblemKind, paused_problem
from dbops.domain.watch.promises import broken_promises, good_backups
from dbops.domain.watch.restore_refused import refused_restores
from dbops.domain.watch.unwatched import unwatched
from dbops.domain.words.quantities import format_ago, format_count, format_moment, joined

_ORDER = {what: place for place, what in enumerate(LIGHTS)}


@dataclass(frozen=True)
class NotKnown:
    """Why nothing is known of a target's bucket yet, in whole sentences: for all we know nothing is wrong with it."""

    sentence: str


@dataclass(frozen=True)
class Reason:
    """One thing to say of a target: ``sentence`` is whole, and has the remedy where something is wrong."""

    what: ProblemKind | Sign
    sentence: str

    @property
    def light(self) -> Light:
        """How soon somebody has to look."""
        return LIGHTS[self.what]


def reasons_of(
    target: Target,
    index: TargetIndex | NotKnown | str,
    dags: Mapping[str, DagState],
    now: datetime,
    *,
    doubt: NotKnown | None = None,
) -> list[Reason]:
    """All that is to be said of a target at ``now``, worst first, and one reason where all is well; never none.

    ``dags`` are the target's by job, and that of the watch: see ``dag_state.dags_of``. With ``doubt`` nobody knows
    whether the index still holds, which is a reason too.
    """
    known = index if isinstance(index, TargetIndex) else None
    found = [
        *_of_the_bucket(target, index, now),
        *_of_the_dags(target, known, dags, now),
        *(Reason(what, sentence) for what, sentence in unwatched(target, known, dags.get(WATCH), now)),
    ]
    if known is not None and not found:
        found.append(Reason(Sign.WELL, _all_is_well(target, known, now)))
    if doubt is not None:
        found.append(Reason(Sign.NOT_SEEN, doubt.sentence))
    return sorted(found, key=lambda reason: _ORDER[reason.what])


def _of_the_bucket(target: Target, index: TargetIndex | NotKnown | str, now: datetime) -> Iterator[Reason]:
    if isinstance(index, NotKnown):
        yield Reason(Sign.NOT_SEEN, index.sentence)
        return
    problems = broken_promises(target, index, now)
    if isinstance(index, TargetIndex):
        problems += [*late_promises(target, index, now), *refused_restores(target, index)]
    yield from (Reason(problem.kind, problem.told) for problem in problems)
    if isinstance(index, TargetIndex):
        said = {problem.kind for problem in problems}
        yield from _no_backup(target, index, said=ProblemKind.NO_BACKUP in said)
        yield from _drill(target, index, now, said=ProblemKind.NOT_GOOD in said)
        yield from _checks(target, index, now)
        yield from _probes(target, index, now)


def _no_backup(target: Target, index: TargetIndex, *, said: bool) -> Iterator[Reason]:
    if said or any(backup.is_good for backup in index.backups):
        return
    if target.schedule.backup is None:
        yield Reason(
            Sign.NOTHING_PROMISED,
            f"There is no good backup of {target.name}, and its file promises none: schedule.backup is null. "
            f"Start backup__{target.name} by hand, or give it a schedule.",
        )
    else:
        yield Reason(Sign.FIRST_BACKUP, f"The first backup of {target.name} is on its way.")


def _drill(target: Target, index: TargetIndex, now: datetime, *, said: bool) -> Iterator[Reason]:
    last = index.last_verdict
    if last is None or last.ok or said:  # that the newest backup is not good says as much
        return
    why = f" {last.sentence}" if last.sentence else ""
    yield Reason(
        Sign.DRILL_FAILED,
        f"The last {last.kind} of {target.name}, of {last.backup_id}, showed {format_ago(last.finished, now)} that it "
        f"cannot be used.{why} Look at that report, and start drill__{target.name} for a newer backup.",
    )


def _checks(target: Target, index: TargetIndex, now: datetime) -> Iterator[Reason]:
    checks = index.checks
    if checks is None or not (checks.is_red or checks.warnings):
        return
    counts = [
        *([f"{format_count(checks.failed, 'rule')} {_are(checks.failed)} broken"] if checks.failed else []),
        *([f"{format_count(checks.unknown, 'rule')} could not be evaluated"] if checks.unknown else []),
        *([f"{format_count(checks.warnings, 'rule')} warn{'s' if checks.warnings == 1 else ''}"]
          if checks.warnings else []),
    ]  # fmt: skip
    bad = checks.failed + checks.unknown + checks.warnings
    yield Reason(
        Sign.CHECKS_FAILED if checks.is_red else Sign.RULES_WARN,
        f"Of {target.name} {joined(counts)}, by the checks {format_ago(checks.finished, now)}"
        f"{_named(checks.worst, bad)}. Look at the report of check__{target.name}.",
    )


def _probes(target: Target, index: TargetIndex, now: datetime) -> Iterator[Reason]:
    probes = index.probes
    if probes is None or probes.well >= probes.total:
        return
    bad = probes.total - probes.well
    yield Reason(
        Sign.PROBES_UNWELL,
        f"{bad} of {format_count(probes.total, 'operation')} of {target.name} {_are(bad)} slow or {_do(bad)} not work, "
        f"by the probes {format_ago(probes.finished, now)}{_named(probes.worst, bad)}. "
        f"Look at the report of probe__{target.name}.",
    )


def _of_the_dags(
    target: Target, index: TargetIndex | None, dags: Mapping[str, DagState], now: datetime
) -> Iterator[Reason]:
    for job in JOBS:
        dag = dags.get(job)
        if dag is None:
            continue
        if dag.is_paused and getattr(target.schedule, job) is not None:
            problem = paused_problem(dag.dag_id)
            yield Reason(problem.kind, problem.told)
        if dag.last_state == "failed" and not (index and _is_told(job, index)) and not _is_over(job, dag, index, now):
            ended = "" if dag.last_end is None else f", at {format_moment(dag.last_end)}"
            yield Reason(
                Sign.PROBE_RUN_FAILED if job == "probe" else Sign.RUN_FAILED,
                f"The last run of {dag.dag_id} failed{ended}. Look at its log in Airflow.",
            )


def _is_told(job: str, index: TargetIndex) -> bool:
    """Whether what the bucket says is bad is why such a run fails: then one sentence is enough."""
    if job == "check":
        return index.checks is not None and index.checks.is_red
    if job == "drill":
        return index.last_verdict is not None and not index.last_verdict.ok
    return job == "probe" and index.probes is not None and index.probes.well < index.probes.total


def _is_over(job: str, dag: DagState, index: TargetIndex | None, now: datetime) -> bool:
    """Whether that job was done since its last run failed, say from a shell."""
    if index is None or dag.last_end is None:
        return False
    done: Mapping[str, list[datetime]] = {
        "backup": [backup.finished for backup in good_backups(index, now)],
        "check": [index.checks.finished] if index.checks else [],
        "probe": [index.probes.finished] if index.probes else [],
        "drill": [index.last_proof.finished] if index.last_proof else [],
    }
    return any(moment > dag.last_end for moment in done[job])


def _all_is_well(target: Target, index: TargetIndex, now: datetime) -> str:
    good = [backup for backup in index.backups if backup.is_good]
    said = [
        f"Backed up {format_ago(max(backup.finished for backup in good), now)}",
        _proof(index, now),
    ]
    if index.checks is not None:
        said.append(f"{format_count(index.checks.passed, 'rule')} held {format_ago(index.checks.finished, now)}")
    elif target.schedule.check is not None:
        said.append("no rules were checked yet")
    if index.probes is not None:
        well = index.probes.well
        said.append(f"{format_count(well, 'operation')} {'was' if well == 1 else 'were'} well "
                    f"{format_ago(index.probes.finished, now)}")  # fmt: skip
    return f"{'; '.join(said)}."


def _proof(index: TargetIndex, now: datetime) -> str:
    """What is proven of those that are there: a proof is remembered when its backup is gone, and is none of others."""
    last = index.last_proof
    if last is None:
        return "no backup was proven by a restore yet"
    when = format_ago(last.finished, now)
    if any(backup.backup_id == last.backup_id for backup in index.backups):
        return f"proven by a {last.kind} {when}"
    newest = max((backup.backup_id for backup in index.backups if backup.verified), default=None)
    left = "none that is left" if newest is None else f"of those that are left the newest proven one is {newest}"
    return f"a {last.kind} proved a backup {when} that is gone by now, and {left}"


def _named(worst: tuple[str, ...], bad: int) -> str:
    more = f" and {bad - len(worst):,} more" if len(worst) < bad else ""
    return f": {', '.join(worst)}{more}" if worst else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _do(number: int) -> str:
    return "does" if number == 1 else "do"
