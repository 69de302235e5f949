"""Promises: what a target's file promises, compared with what its bucket shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.size import size_warnings
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedBackup, IndexedLeftover, TargetIndex
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from dbops.domain.words.quantities import format_count, format_duration, format_moment

# Clocks of workers differ a little; a backup is "in the future" only beyond that.
_CLOCK_TOLERANCE = timedelta(minutes=15)
# A claim is renewed every few seconds; one this old belongs to a backup that died.
_DEAD_AFTER = timedelta(minutes=15)


def broken_promises(target: Target, index: TargetIndex | str, now: datetime) -> list[Problem]:
    """The problems of one target at ``now``; ``index`` is the sentence why not where its bucket could not be read.

    The index may be older than ``now``: a backup that was seen to run then is taken to run still.
    """
    if isinstance(index, str):
        return [problem_of(target, ProblemKind.UNREACHABLE, index, _LOOK_AT_BUCKET)]
    good = good_backups(index, now)
    live, dead = _leftovers(index)
    latest = _latest(now)
    return [
        *(_lateness(target, good, live, now) if target.schedule.backup is not None else []),
        *_verification(target, index, good, latest),
        *(_not_drilled(target, index, good, now) if target.schedule.drill is not None else []),
        *(problem_of(target, ProblemKind.UNREADABLE, sentence, _LOOK_AT_OBJECT, detail=sentence)
          for sentence in index.unreadable),
        *_unfinished(target, good, dead),
        *_stalled(target, live, now),
        *_shrunk(target, good),
        *(_from_the_future(target, backup.backup_id, now)
          for backup in index.backups if backup.backup_id > latest),
    ]  # fmt: skip


def is_alive(leftover: IndexedLeftover, seen: datetime) -> bool:
    """Whether that backup was running when it was ``seen``, which is when its index was written."""
    # Of its claim, renewed every few seconds, an index of half an hour ago knows no more.
    return seen - leftover.alive < _DEAD_AFTER


def good_backups(index: TargetIndex, now: datetime) -> list[IndexedBackup]:
    """Those that retention may count on, oldest first; one that is dated in the future tells nothing."""
    latest = _latest(now)
    return [backup for backup in index.backups if backup.is_good and backup.backup_id <= latest]


_LOOK_AT_BUCKET = (
    "Check whether the store answers and whether its connection's credentials are still allowed to read this bucket."
)
_LOOK_AT_OBJECT = "Look at that object, and correct or remove it; until then nothing relies on it or deletes it."


def _lateness(target: Target, good: list[IndexedBackup], live: list[IndexedLeftover], now: datetime) -> list[Problem]:
    late_after = target.alerts.late_after
    running = f" One is running since {format_moment(live[-1].backup_id.time)}." if live else ""
    remedy = (
        f"Look at the runs of the DAG backup__{target.name}: are there any, did they fail, is it paused? "
        f"`python -m dbops backup {target.name}` makes a backup without Airflow."
    )
    if not good:
        if live and now - live[0].backup_id.time <= late_after:
            return []  # the first backup of a new target is on its way
        sentence = f"There is no good backup of {target.name} at all.{running}"
        return [problem_of(target, ProblemKind.NO_BACKUP, sentence, remedy)]
    # Counted from its end: with a nightly backup that takes hours, the next one's end is a day after this one's.
    finished = max(backup.finished for backup in good)
    if now - finished <= late_after:
        return []
    sentence = (
        f"The newest good backup of {target.name} was finished {format_duration(now - finished)} ago, at "
        f"{format_moment(finished)}; a new one was promised within {format_duration(late_after)}.{running}"
    )
    return [problem_of(target, ProblemKind.LATE, sentence, remedy, since=finished + late_after)]


def _verification(target: Target, index: TargetIndex, good: list[IndexedBackup], latest: BackupId) -> list[Problem]:
    newest = next((backup for backup in reversed(index.backups) if backup.backup_id <= latest), None)
    if newest is None or newest.is_good:
        return []
    instead = f"the newest good one is {good[-1].backup_id}" if good else "there is no good one"
    sentence = f"The newest backup of {target.name}, {newest.backup_id}, failed its verification; {instead}."
    remedy = "Look at the report of that verification, and make a new backup."
    return [problem_of(target, ProblemKind.NOT_GOOD, sentence, remedy, detail=newest.backup_id)]


def _not_drilled(target: Target, index: TargetIndex, good: list[IndexedBackup], now: datetime) -> list[Problem]:
    """Measured from the oldest backup where none was ever proven: a young target has time for its first drill."""
    within = target.drill.within
    if within is None or not good:
        return []
    last = index.last_proof
    since = last.finished if last else good[0].finished
    if now - since <= within:
        return []
    proven = f"{last.backup_id} was the last, {format_duration(now - since)} ago" if last else "none ever was"
    sentence = (
        f"No backup of {target.name} was proven by a restore within {format_duration(within)}, as drill.within "
        f"promises: {proven}."
    )
    remedy = f"Look at the last runs of drill__{target.name}, or start one with force."
    return [problem_of(target, ProblemKind.NOT_DRILLED, sentence, remedy, since=since + within)]


def _leftovers(index: TargetIndex) -> tuple[list[IndexedLeftover], list[IndexedLeftover]]:
    live: list[IndexedLeftover] = []
    dead: list[IndexedLeftover] = []
    for leftover in sorted(index.leftovers, key=lambda leftover: leftover.backup_id):
        (live if is_alive(leftover, index.written) else dead).append(leftover)
    return live, dead


def _unfinished(target: Target, good: list[IndexedBackup], dead: list[IndexedLeftover]) -> list[Problem]:
    newer = [leftover for leftover in dead if not good or leftover.backup_id > good[-1].backup_id]
    if not newer:
        return []
    newest = newer[-1].backup_id
    others = f" Nor did {format_count(len(newer) - 1, 'other')} since the last good one." if newer[1:] else ""
    sentence = f"A backup of {target.name} was begun at {format_moment(newest.time)} and never finished.{others}"
    remedy = (
        f"Look at the log of that run of backup__{target.name}: its worker was probably killed. "
        "The next backup is not affected; what is left of this one is swept a day later."
    )
    return [problem_of(target, ProblemKind.UNFINISHED, sentence, remedy, detail=newest, since=newest.time)]


def _stalled(target: Target, live: list[IndexedLeftover], now: datetime) -> list[Problem]:
    remedy = "Look at the progress in its task log; if it does not move, stop that run: it cleans up after itself."
    return [
        problem_of(
            target,
            ProblemKind.STALLED,
            f"A backup of {target.name} has been running for {format_duration(now - leftover.backup_id.time)}, since "
            f"{format_moment(leftover.backup_id.time)}, longer than alerts.late_after.",
            remedy,
            detail=leftover.backup_id,
            since=leftover.backup_id.time + target.alerts.late_after,
        )
        for leftover in live
        if now - leftover.backup_id.time > target.alerts.late_after
    ]


def _shrunk(target: Target, good: list[IndexedBackup]) -> list[Problem]:
    if not good:
        return []
    newest = good[-1]
    warnings = size_warnings(newest, good[:-1], target.alerts)
    if not warnings:
        return []
    remedy = (
        "Check whether data was deleted on purpose. If not, hold an older backup before retention lets it go: "
        f'`python -m dbops hold {target.name} <backup id> --reason "the next is too small"`.'
    )
    sentence = f"{newest.backup_id} of {target.name}: {' '.join(warnings)}"
    return [problem_of(target, ProblemKind.SHRUNK, sentence, remedy, detail=newest.backup_id, since=newest.finished)]


def _from_the_future(target: Target, backup_id: BackupId, now: datetime) -> Problem:
    sentence = (
        f"The backup {backup_id} of {target.name} is dated {format_duration(backup_id.time - now)} in the future; "
        "retention does not count it."
    )
    return problem_of(target, ProblemKind.FUTURE, sentence, "Compare the clocks of the workers.", detail=backup_id)


def _latest(now: datetime) -> BackupId:
    """The id behind which a backup is dated in the future: ids sort as their times do."""
    return BackupId.at(now + _CLOCK_TOLERANCE)
