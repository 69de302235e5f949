"""Expected expiry: from when retention will let a backup go, if backups keep coming as scheduled and are good.

It follows from what ``plan_retention`` does with more and more backups, without asking it for each: ``last`` keeps a
backup until so many newer ones are there; a rule of periods until a newer one comes in the same period, or so many
newer periods have begun. So the work grows with the policy and the backups, not with the years that are looked ahead.
When a newer backup will be proven nobody knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice, takewhile
from typing import Self
from zoneinfo import ZoneInfo

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.retention import IN_DOUBT, PROVEN, Hold, RetentionPolicy, periods
from dbops.domain.options.cron_runs import CronRuns

YEARS_AHEAD = 10
RUNS_AHEAD = 1000
"""How many backups, or periods with one, a rule is looked ahead: each takes a tenth of a millisecond."""

_BEYOND = f"it stays for more than {YEARS_AHEAD} years or {RUNS_AHEAD:,} backups, which nobody looks ahead"
_BY_HAND = "no schedule makes newer ones: it stays until enough were made by hand"
_FUTURE = "dated in the future: is a clock wrong?"
_NO_RULE = "no rule keeps it"
_PROVEN = f"{PROVEN}: it stays until a newer one is"
_BAD = "its verification failed: it stays until there is a newer good backup"


@dataclass(frozen=True, kw_only=True)
class ExpectedExpiry:
    """``at`` is when retention lets it go, None where that is not known; ``why`` says what keeps it for so long."""

    at: datetime | None
    why: str


def expected_expiry(
    backups: Iterable[BackupId],
    holds: Iterable[Hold],
    policy: RetentionPolicy,
    now: datetime,
    zone: ZoneInfo,
    *,
    schedule: str | None,
    failed: Mapping[BackupId, datetime],
    doubtful: Collection[BackupId],
    proven: Collection[BackupId],
) -> dict[BackupId, ExpectedExpiry]:
    """Of each of ``backups`` from when it will expire, not before ``now``; what is given is as for ``plan_retention``.

    ``schedule`` is the cron expression of the backups in ``zone``, None where they are only made by hand. ``at`` is
    None where a hold has no end, where the backup is dated in the future, where the verdict on it cannot be read, where
    it is the newest that was proven, where no schedule makes newer ones, and where the answer is beyond ``YEARS_AHEAD``
    or ``RUNS_AHEAD``; ``why`` says which.
    """
    begun = {backup_id: backup_id.time for backup_id in sorted(set(backups), reverse=True)}
    in_doubt = set(doubtful)
    counted = {backup_id for backup_id in begun if backup_id not in failed and backup_id not in in_doubt}
    good = sorted(begun[backup_id] for backup_id in counted)
    shown = sorted(begun[backup_id] for backup_id in counted.intersection(proven))
    place = bisect_right(shown, now)  # one that is dated in the future counts from then on
    newest_shown, next_shown = shown[:place][-1:], next(iter(shown[place:]), None)
    coming = _Coming(schedule, now, zone)
    newer = coming.with_runs(good, 1)
    rules: list[_Last | _Periods] = [
        _Last("last", policy.last, coming.with_runs(good, policy.last)),
        _Last("minimum_redundancy", policy.minimum_redundancy, coming.with_runs(good, policy.minimum_redundancy)),
        *(_Periods.of(rule, count, period_of, good, coming=coming) for rule, count, period_of in periods(policy)),
    ]
    held = _held(holds, now)
    found = {}
    for backup_id, began in begun.items():
        ends = held.get(backup_id, [])
        if began > now:
            found[backup_id] = ExpectedExpiry(at=None, why=_FUTURE)
        elif backup_id in in_doubt:
            found[backup_id] = ExpectedExpiry(at=None, why=IN_DOUBT)
        elif backup_id in failed:
            ends = [*ends, _looked_at(failed[backup_id], policy), ExpectedExpiry(at=newer.after(began), why=_BAD)]
            found[backup_id] = _latest(ends, coming)
        else:
            if began in newest_shown:
                ends = [*ends, ExpectedExpiry(at=next_shown, why=_PROVEN)]
            found[backup_id] = _latest([*ends, *(rule.end(began) for rule in rules if rule.count)], coming)
    return found


def _held(holds: Iterable[Hold], now: datetime) -> dict[BackupId, list[ExpectedExpiry]]:
    held: dict[BackupId, list[ExpectedExpiry]] = {}
    for hold in holds:
        if hold.is_active(now):
            held.setdefault(hold.backup_id, []).append(ExpectedExpiry(at=hold.until, why=hold.sentence()))
    return held


def _looked_at(failed: datetime, policy: RetentionPolicy) -> ExpectedExpiry:
    return ExpectedExpiry(at=policy.keeps_failed_until(failed), why=policy.why_failed_stays(failed))


def _latest(ends: Sequence[ExpectedExpiry], coming: _Coming) -> ExpectedExpiry:
    unknown = next((end for end in ends if end.at is None), None)
    if unknown is not None:
        return unknown if unknown.why else ExpectedExpiry(at=None, why=coming.unknown)
    now = ExpectedExpiry(at=coming.now, why=_NO_RULE)
    return max([now, *ends], key=lambda end: end.at or coming.now)


class _Moments:
    """Moments in order, of which all are known up to ``until``."""

    def __init__(self, moments: Iterable[datetime], until: datetime) -> None:
        known = sorted(set(moments))
        self._moments = known[: bisect_right(known, until)]

    def after(self, moment: datetime, number: int = 1) -> datetime | None:
        """The first that is later, or the one of that number; None where it is not known."""
        place = bisect_right(self._moments, moment) + number - 1
        return self._moments[place] if place < len(self._moments) else None


class _Coming:
    """The backups that the schedule will make: each good, and begun at the moment for which it is scheduled."""

    def __init__(self, schedule: str | None, now: datetime, zone: ZoneInfo) -> None:
        self.now, self.zone = now, zone
        self.unknown = _BY_HAND if schedule is None else _BEYOND
        self._runs = None if schedule is None else CronRuns(schedule, zone)
        self._horizon = now + timedelta(days=365 * YEARS_AHEAD)

    def with_runs(self, good: Iterable[datetime], limit: int) -> _Moments:
        """The good backups, and so many more."""
        runs, until = self._taken(self._each_run(self.now), limit)
        return _Moments([*good, *runs], until)

    def with_openings(self, first: dict[str, datetime], period: Callable[[datetime], str], limit: int) -> _Moments:
        """When each period got or gets its ``first`` good backup: those that have one, and so many to come."""
        runs, until = self._taken(self._each_opening(period), limit)
        opened = dict(first)
        for run in runs:
            opened[period(run)] = min(run, opened.get(period(run), run))
        return _Moments(opened.values(), until)

    def _taken(self, runs: Iterator[datetime], limit: int) -> tuple[list[datetime], datetime]:
        """So many of them, and until when there are no others."""
        limit = min(limit, RUNS_AHEAD)
        taken = list(islice(runs, limit))
        if len(taken) < limit:
            return taken, self._horizon
        return taken, taken[-1] if taken else self.now

    def _next(self, after: datetime) -> datetime | None:
        return next(self._each_run(after), None)

    def _each_run(self, after: datetime) -> Iterator[datetime]:
        runs = iter(()) if self._runs is None else self._runs.after(after)
        return takewhile(lambda run: run <= self._horizon, runs)

    def _each_opening(self, period: Callable[[datetime], str]) -> Iterator[datetime]:
        run = self._next(self.now)
        while run is not None:
            yield run
            day, its_own = datetime.combine(run.astimezone(self.zone), time(), self.zone), period(run)
            while period(day) == its_own:
                day += timedelta(days=1)
            run = self._next(day - timedelta(seconds=1))


@dataclass(frozen=True)
class _Last:
    """Keeps a backup until there are ``count`` newer ones."""

    rule: str
    count: int
    backups: _Moments

    def end(self, backup: datetime) -> ExpectedExpiry:
        end = self.backups.after(backup, self.count)
        return ExpectedExpiry(at=end, why=f"{self.rule} {self.count}" if end else "")


@dataclass(frozen=True)
class _Periods:
    """Keeps the newest backup of a period until ``count`` newer periods have one."""

    rule: str
    count: int
    period: Callable[[datetime], str]
    first: Mapping[str, datetime]
    begun: _Moments
    newer: _Moments

    @classmethod
    def of(
        cls, rule: str, count: int, period_of: Callable[[datetime], str], good: Sequence[datetime], *, coming: _Coming
    ) -> Self:
        names: dict[datetime, str] = {}

        def period(moment: datetime) -> str:
            if moment not in names:
                names[moment] = period_of(moment.astimezone(coming.zone))
            return names[moment]

        first: dict[str, datetime] = {}
        for backup in good:
            first.setdefault(period(backup), backup)
        # One more than it keeps: the first may be in a period that has a backup already.
        begun = coming.with_openings(first, period, count + 1)
        return cls(rule, count, period, first, begun, coming.with_runs(good, 1))

    def end(self, backup: datetime) -> ExpectedExpiry:
        period, newer = self.period(backup), self.newer.after(backup)
        ends = [self.begun.after(self.first[period], self.count)]
        ends += [newer] if newer is not None and self.period(newer) == period else []
        end = min((one for one in ends if one is not None), default=None)
        return ExpectedExpiry(at=end, why=f"{self.rule} {period}" if end else "")
