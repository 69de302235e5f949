"""RetentionPolicy and RetentionPlan: which backups stay, and why. Its public copy is docs/retention.md."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Protocol, TypedDict
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass as record

from dbops.domain.backups.backup import BackupId
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.quantities import Duration, format_duration, format_moment

Count = Annotated[int, Field(ge=0, le=1_000_000)]
IN_DOUBT = "the verdict on it cannot be read; another drill of it gives a new one"
PROVEN = "the newest that a restore has proven"


class RetentionPolicy(BaseModel):
    """Grandfather-father-son: the newest backups, the newest of each of the last N periods that have one, and a floor.

    A period without a good backup is not counted, so that a pause in the backups does not let the old ones go. A backup
    whose verification failed is no good one: it stays for ``keep_failed``, so that somebody can look before it goes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    last: Count = 3
    daily: Count = 14
    weekly: Count = 8
    monthly: Count = 12
    yearly: Count = 3
    minimum_redundancy: Annotated[int, Field(ge=1, le=1_000_000)] = 3
    keep_failed: Annotated[Duration, Field(le=timedelta(days=3650))] = timedelta(days=7)

    def keeps_failed_until(self, failed: datetime) -> datetime:
        """When a backup may go whose verdict was written then."""
        return failed + self.keep_failed

    def why_failed_stays(self, failed: datetime) -> str:
        """Until when it stays, and why."""
        return (
            f"its verification failed; it stays until {format_moment(self.keeps_failed_until(failed))}, "
            f"{format_duration(self.keep_failed)} after the verdict, for somebody to look"
        )


def _in_utc(moment: datetime | None) -> datetime | None:
    # A person may write a hold by hand as "2026-12-24": without a zone it means UTC, like every time in the bucket. So
    # may he "9999-12-31", and mean for ever.
    if moment is None or moment.tzinfo is None:
        return moment and moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is not before the end of the calendar") from None


@record(frozen=True, config=ConfigDict(extra="ignore"))
class Hold:
    """Do not expire this backup until then; ``until`` None means until the hold is taken away."""

    backup_id: BackupId
    until: Annotated[datetime | None, AfterValidator(_in_utc)]
    reason: str
    by: str

    def is_active(self, now: datetime) -> bool:
        """Whether it still holds."""
        return self.until is None or self.until > now

    def sentence(self) -> str:
        """Until when, by whom and why."""
        end = "it is released" if self.until is None else format_moment(self.until)
        return f"held until {end} by {self.by}: {self.reason}"

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _HOLD.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> Hold:
        """Read a hold; raises ValueError where it is not one."""
        return _HOLD.validate_json(body)


_HOLD = TypeAdapter(Hold)


class Judged(Protocol):
    """A backup, and what is known of the verdict on it."""

    @property
    def backup_id(self) -> BackupId:
        """Which one."""

    @property
    def verified(self) -> bool | None:
        """Whether a drill or a restore of it was good; None where there is no verdict that can be read."""

    @property
    def failed_at(self) -> datetime | None:
        """When the store was given the verdict that it is bad; None where it is not."""

    @property
    def is_doubtful(self) -> bool:
        """Whether there is a verdict that cannot be read."""


class Verdicts(TypedDict):
    """What ``plan_retention`` and ``expected_expiry`` have to know of them."""

    failed: dict[BackupId, datetime]
    doubtful: list[BackupId]
    proven: list[BackupId]


def verdicts_of(backups: Iterable[Judged]) -> Verdicts:
    """Which of these failed, and when that was said, of which nobody knows, and which a restore has proven."""
    judged = list(backups)
    return {
        "failed": {each.backup_id: each.failed_at for each in judged if each.failed_at is not None},
        "doubtful": [each.backup_id for each in judged if each.is_doubtful],
        "proven": [each.backup_id for each in judged if each.verified],
    }


@dataclass(frozen=True)
class RetentionPlan:
    """The policy's answer ``at`` a moment: each given id once, newest first, with its reasons."""

    keep: dict[BackupId, tuple[str, ...]]
    expire: dict[BackupId, tuple[str, ...]]
    at: datetime

    def markdown(self) -> str:
        """A table of every backup, newest first."""
        rows = [
            (backup_id, age_of(backup_id, self.at), verdict, "; ".join(reasons))
            for verdict, decided in (("keep", self.keep), ("expire", self.expire))
            for backup_id, reasons in decided.items()
        ]
        return markdown_table(("backup", "age", "verdict", "reasons"), sorted(rows, reverse=True))


def age_of(backup_id: BackupId, now: datetime) -> str:
    """How long ago a backup started, for people."""
    age = now - backup_id.time
    return format_duration(age) if age.total_seconds() >= 0 else f"in {format_duration(-age)}"


def plan_retention(
    backups: Iterable[BackupId],
    holds: Iterable[Hold],
    policy: RetentionPolicy,
    now: datetime,
    zone: ZoneInfo,
    *,
    failed: Mapping[BackupId, datetime],
    doubtful: Collection[BackupId],
    proven: Collection[BackupId],
) -> RetentionPlan:
    """Decide over ``backups`` at ``now`` (with a zone), counting days in ``zone``.

    Only good backups that are not dated in the future count for any rule. What is held, or dated in the future, stays.
    ``failed`` are those that a verification calls bad, each with when the store was given that verdict: they stay
    while no newer good one exists, and for ``keep_failed`` in any case. ``doubtful`` are those whose verdict cannot be
    read: they stay. ``proven`` are those that a restore has proven good: the newest of them stays, for what a rule
    keeps may turn out to be as bad as it is new.
    """
    newest_first = sorted(set(backups), reverse=True)
    in_doubt = set(doubtful)
    counted = [each for each in newest_first if each.time <= now and each not in failed and each not in in_doubt]

    reasons: dict[BackupId, list[str]] = {backup_id: [] for backup_id in newest_first}
    for backup_id, why in reasons.items():
        if backup_id.time > now:
            why.append(f"dated in the future, {age_of(backup_id, now)}: is a clock wrong?")
        elif backup_id in in_doubt:
            why.append(IN_DOUBT)
        elif backup_id not in failed:
            continue
        elif not counted or backup_id > counted[0]:
            why.append("its verification failed, but there is no newer good backup")
        elif policy.keeps_failed_until(failed[backup_id]) > now:
            why.append(policy.why_failed_stays(failed[backup_id]))
    for hold in holds:
        if hold.backup_id in reasons and hold.is_active(now):
            reasons[hold.backup_id].append(hold.sentence())
    for backup_id, reason in _rules(counted, policy, zone):
        reasons[backup_id].append(reason)
    if (newest_proven := max(set(proven).intersection(counted), default=None)) is not None:
        reasons[newest_proven].append(PROVEN)

    keep = {backup_id: tuple(why) for backup_id, why in reasons.items() if why}
    kept = sorted(backup_id for backup_id in counted if backup_id in keep)
    expire: dict[BackupId, tuple[str, ...]] = {
        backup_id: (_why_expired(backup_id not in failed, _nearest(backup_id, kept)),)
        for backup_id in newest_first
        if backup_id not in keep
    }
    return RetentionPlan(keep, expire, now)


def periods(policy: RetentionPolicy) -> tuple[tuple[str, int, Callable[[datetime], str]], ...]:
    """Each rule that counts periods, with how many it keeps, and the name of the period in which a local time lies."""
    return (
        ("daily", policy.daily, lambda day: f"{day:%Y-%m-%d}"),
        ("weekly", policy.weekly, lambda day: f"{day:%G-W%V}"),
        ("monthly", policy.monthly, lambda day: f"{day:%Y-%m}"),
        ("yearly", policy.yearly, lambda day: f"{day:%Y}"),
    )


def _rules(counted: list[BackupId], policy: RetentionPolicy, zone: ZoneInfo) -> Iterable[tuple[BackupId, str]]:
    """Each backup that a rule keeps, with that rule; ``counted`` is newest first."""
    for number, backup_id in enumerate(counted[: policy.last], 1):
        yield backup_id, f"last {number} of {policy.last}"
    for rule, count, period_of in periods(policy):
        newest: dict[str, BackupId] = {}
        for backup_id in counted:
            newest.setdefault(period_of(backup_id.time.astimezone(zone)), backup_id)
        for period, backup_id in islice(newest.items(), count):
            yield backup_id, f"{rule} {period}"
    for number, backup_id in enumerate(counted[: policy.minimum_redundancy], 1):
        yield backup_id, f"minimum_redundancy {number} of {policy.minimum_redundancy}"


def _nearest(backup_id: BackupId, kept: list[BackupId]) -> BackupId:
    """Of ``kept``, oldest first; of two that are as near the newer one."""
    # Something expires only where a good backup is kept: the newest good one always is.
    place = bisect(kept, backup_id)
    return min(
        kept[max(place - 1, 0) : place + 1], key=lambda one: (abs(one.time - backup_id.time), -one.time.timestamp())
    )


def _why_expired(good: bool, nearest: BackupId) -> str:
    cause = "no rule keeps it" if good else "its verification failed and a newer good backup exists"
    return f"{cause}; the nearest kept is {nearest}"
