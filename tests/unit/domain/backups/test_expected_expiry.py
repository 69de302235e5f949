"""Expected expiry: examples, and for any input that it is what plan_retention does as the scheduled backups come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.expected_expiry import RUNS_AHEAD, YEARS_AHEAD, ExpectedExpiry, expected_expiry
from dbops.domain.backups.retention import Hold, RetentionPolicy, Verdicts, plan_retention
from dbops.domain.options.cron_runs import CronRuns

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
NOTHING = {"last": 0, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
NIGHTLY = "0 2 * * *"
UTC_ZONE = ZoneInfo("UTC")


def policy(**counts: int) -> RetentionPolicy:
    return RetentionPolicy(**{**NOTHING, **counts})


def nightly(count: int) -> list[BackupId]:
    """The newest of two o'clock, newest first."""
    return [BackupId.at(NOW.replace(hour=2) - DAY * day) for day in range(count)]


def expiries(
    backups: list[BackupId],
    rules: RetentionPolicy,
    *,
    bad: Mapping[BackupId, datetime] = MappingProxyType({}),
    doubtful: tuple[BackupId, ...] = (),
    proven: tuple[BackupId, ...] = (),
    holds: tuple[Hold, ...] = (),
    schedule: str | None = NIGHTLY,
    zone: str = "UTC",
) -> dict[BackupId, ExpectedExpiry]:
    verdicts = Verdicts(failed=dict(bad), doubtful=[*doubtful], proven=[*proven])
    return expected_expiry(backups, holds, rules, NOW, ZoneInfo(zone), schedule=schedule, **verdicts)


# ---------------------------------------------------------------- examples


def test_the_last_three_go_one_after_the_other_with_each_night_to_come() -> None:
    backups = nightly(3)

    found = expiries(backups, policy(last=3))

    assert [found[backup_id].at for backup_id in backups] == [
        datetime(2026, 11, day, 2, tzinfo=UTC) for day in (25, 24, 23)
    ]
    assert found[backups[0]].why == "last 3"


def test_what_only_the_minimum_keeps_says_so() -> None:
    [newest] = nightly(1)

    assert expiries([newest], policy(minimum_redundancy=2))[newest].why == "minimum_redundancy 2"


def test_the_newest_of_a_finished_month_goes_when_so_many_newer_months_have_begun() -> None:
    october = BackupId("20261031T020000Z")

    found = expiries([*nightly(3), october], policy(monthly=3))

    assert found[october] == ExpectedExpiry(at=datetime(2027, 1, 1, 2, tzinfo=UTC), why="monthly 2026-10")


def test_the_newest_of_this_month_is_no_longer_its_newest_tomorrow() -> None:
    [newest] = nightly(1)

    assert expiries([newest], policy(monthly=3))[newest].at == datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_what_no_rule_keeps_goes_now() -> None:
    backups = nightly(3)

    assert expiries(backups, policy())[backups[2]] == ExpectedExpiry(at=NOW, why="no rule keeps it")


def test_a_bad_backup_goes_with_the_next_good_one_after_there_was_time_to_look() -> None:
    newest, older = nightly(2)
    late = expiries([newest, older], policy(), bad={newest: NOW - 7 * DAY})
    early = expiries([newest, older], policy(), bad={newest: NOW})

    assert late[newest] == ExpectedExpiry(
        at=datetime(2026, 11, 23, 2, tzinfo=UTC),
        why="its verification failed: it stays until there is a newer good backup",
    )
    assert early[newest] == ExpectedExpiry(
        at=NOW + 7 * DAY,
        why="its verification failed; it stays until 2026-11-29 12:00 UTC, 7d after the verdict, for somebody to look",
    )


def test_of_a_backup_whose_verdict_cannot_be_read_nobody_knows_when_it_goes() -> None:
    newest, older = nightly(2)
    found = expiries([newest, older], policy(), doubtful=(newest,))

    assert found[newest] == ExpectedExpiry(
        at=None, why="the verdict on it cannot be read; another drill of it gives a new one"
    )
    assert found[older].why == "minimum_redundancy 1"


def test_of_the_newest_that_was_proven_nobody_knows_when_a_newer_one_will_be() -> None:
    *others, second, oldest = nightly(9)
    found = expiries([*others, second, oldest], policy(last=2), proven=(oldest, second))

    assert found[second] == ExpectedExpiry(
        at=None, why="the newest that a restore has proven: it stays until a newer one is"
    )
    assert found[oldest] == ExpectedExpiry(at=NOW, why="no rule keeps it")


def test_a_hold_keeps_it_until_its_end_and_one_without_an_end_for_nobody_knows_how_long() -> None:
    backups = nightly(4)
    holds = (Hold(backups[2], NOW + 90 * DAY, "audit", "alice"), Hold(backups[3], None, "evidence", "bob"))

    found = expiries(backups, policy(), holds=holds)

    assert found[backups[2]] == ExpectedExpiry(at=NOW + 90 * DAY, why=holds[0].sentence())
    assert found[backups[3]] == ExpectedExpiry(at=None, why=holds[1].sentence())


def test_without_a_schedule_what_a_rule_keeps_stays_until_people_make_newer_ones() -> None:
    newest, older = nightly(2)

    found = expiries([newest, older], policy(), schedule=None)

    assert found[newest] == ExpectedExpiry(
        at=None, why="no schedule makes newer ones: it stays until enough were made by hand"
    )
    assert found[older].at == NOW


@pytest.mark.parametrize("rules", [{"yearly": YEARS_AHEAD + 2}, {"last": RUNS_AHEAD + 2}], ids=str)
def test_what_is_too_far_ahead_is_not_said(rules: dict[str, int]) -> None:
    newest = nightly(1)[0] if "last" in rules else BackupId("20251231T020000Z")

    found = expiries([*nightly(1), newest], policy(**rules))

    assert found[newest].at is None
    assert found[newest].why == "it stays for more than 10 years or 1,000 backups, which nobody looks ahead"


def test_of_a_backup_dated_in_the_future_nothing_is_said() -> None:
    future = BackupId.at(NOW + 300 * DAY)

    assert expiries([*nightly(3), future], policy())[future] == ExpectedExpiry(
        at=None, why="dated in the future: is a clock wrong?"
    )


def test_a_backup_begun_this_very_second_is_not_dated_in_the_future() -> None:
    newest = BackupId.at(NOW)

    assert expiries([newest], policy())[newest].at == datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "schedule", "ahead"),
    [
        ({"last": YEARS_AHEAD + 1}, "0 0 1 1 *", 14),
        ({"yearly": YEARS_AHEAD + 2}, NIGHTLY, 14),
        ({"last": RUNS_AHEAD + 1}, "@hourly", 9),
        ({"last": 1}, None, 14),
    ],
    ids=str,
)
def test_a_backup_dated_beyond_what_is_looked_ahead_is_not_taken_for_the_next_to_come(
    rules: dict[str, int], schedule: str | None, ahead: int
) -> None:
    last_year = BackupId("20251231T020000Z")

    found = expiries([last_year, BackupId.at(NOW + 365 * ahead * DAY)], policy(**rules), schedule=schedule)

    assert found[last_year].at is None


def test_five_thousand_backups_under_a_boundless_policy_look_ahead_no_further_than_promised() -> None:
    hourly = [BackupId.at(NOW - timedelta(hours=number)) for number in range(5000)]
    rules = RetentionPolicy(last=10**6, daily=10**6, weekly=10**6, monthly=10**6, yearly=10**6)

    found = expiries(hourly, rules, schedule="*/5 * * * *")

    assert set(found) == set(hourly)
    assert {each.at for each in found.values()} == {None}


# ---------------------------------------------------------------- properties

SCHEDULES = [NIGHTLY, "30 */12 * * *", "0 23 * * sat", "15 4 1 * *", "@weekly", "0 0 * * *", "30 2 * * *", None]
LIMIT = NOW + 70 * DAY

counts = st.integers(min_value=0, max_value=5)
policies = st.builds(
    RetentionPolicy,
    last=counts,
    daily=counts,
    weekly=counts,
    monthly=st.integers(min_value=0, max_value=2),
    yearly=st.integers(min_value=0, max_value=1),
    minimum_redundancy=st.integers(min_value=1, max_value=4),
    keep_failed=st.integers(min_value=0, max_value=300).map(lambda hours: timedelta(hours=hours)),
)
moments = st.one_of(
    st.integers(min_value=0, max_value=40).map(lambda days: NOW.replace(hour=2) - DAY * days),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 22, 11), timezones=st.just(UTC)),  # noqa: DTZ001 - naive for hypothesis
    st.datetimes(datetime(2026, 11, 22, 13), datetime(2027, 2, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
# Good, proven to be, in doubt, or failed so many hours ago; a store's clock may be ahead.
verdicts = st.one_of(*[st.none()] * 4, *map(st.just, ("proven", "proven", "doubtful")), st.integers(-48, 400))
backup_lists = st.lists(st.tuples(moments.map(BackupId.at), verdicts), max_size=8)
zones = st.sampled_from(["UTC", "Europe/Vienna", "America/St_Johns", "Pacific/Kiritimati"]).map(ZoneInfo)


@cache
def coming(schedule: str | None, zone: ZoneInfo) -> list[tuple[datetime, BackupId]]:
    runs = CronRuns(schedule, zone).after(NOW) if schedule else ()
    return [(run, BackupId.at(run)) for run in takewhile(lambda run: run <= LIMIT, runs)]


@given(
    backups=backup_lists,
    rules=policies,
    zone=zones,
    schedule=st.sampled_from(SCHEDULES),
    held=st.lists(st.tuples(st.integers(0, 7), st.integers(1, 2000)), max_size=2),
)
@settings(max_examples=200)
def test_every_backup_is_kept_until_then_and_let_go_from_then_on(
    backups: list[tuple[BackupId, int | str | None]],
    rules: RetentionPolicy,
    zone: ZoneInfo,
    schedule: str | None,
    held: list[tuple[int, int]],
) -> None:
    holds = [
        Hold(backups[place][0], NOW + timedelta(hours=hours), "audit", "alice")
        for place, hours in held
        if place < len(backups)
    ]

    listed = [backup_id for backup_id, _ in backups]
    given_verdicts = Verdicts(
        failed={one: NOW - timedelta(hours=verdict) for one, verdict in backups if isinstance(verdict, int)},
        doubtful=[one for one, verdict in backups if verdict == "doubtful"],
        proven=[one for one, verdict in backups if verdict == "proven"],
    )

    found = expected_expiry(listed, holds, rules, NOW, zone, schedule=schedule, **given_verdicts)

    runs = coming(schedule, zone)
    assert set(found) == set(listed)

    def is_kept(backup_id: BackupId, moment: datetime) -> bool:
        made = [made_id for run, made_id in runs if run <= moment]
        plan = plan_retention([*listed, *made], holds, rules, moment, zone, **given_verdicts)
        return backup_id in plan.keep

    for backup_id, expiry in found.items():
        if expiry.at is None:
            assert is_kept(backup_id, NOW)
            assert is_kept(backup_id, LIMIT) or backup_id.time > NOW
            continue
        assert expiry.at >= NOW
        if expiry.at > LIMIT:
            assert is_kept(backup_id, LIMIT)
            continue
        assert not is_kept(backup_id, expiry.at)
        if expiry.at > NOW:
            assert is_kept(backup_id, expiry.at - SECOND)
            assert is_kept(backup_id, NOW + (expiry.at - NOW) / 2)


# ---------------------------------------------------------------- when a schedule runs


def test_a_schedule_runs_by_local_time_through_the_year() -> None:
    runs = islice(CronRuns(NIGHTLY, ZoneInfo("Europe/Vienna")).after(datetime(2026, 10, 24, tzinfo=UTC)), 3)
    assert [f"{run:%d %H:%M}" for run in runs] == ["25 00:00", "26 01:00", "27 01:00"]


def test_a_local_time_that_does_not_exist_runs_once_and_later() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    runs = list(islice(CronRuns("30 2 * * *", ZoneInfo("Europe/Vienna")).after(start), 2))
    assert [f"{run:%d %H:%M}" for run in runs] == ["29 01:30", "30 00:30"]


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("@quarterly", "2027-01-01 00:00"),
        ("@hourly", "2026-11-22 13:00"),
        ("0 3 L * *", "2026-11-30 03:00"),
        ("0 3 * * sun#1", "2026-12-06 03:00"),
        ("0 12 * * *", "2026-11-23 12:00"),
    ],
)
def test_every_kind_of_schedule_that_a_file_may_have_is_understood(expression: str, first: str) -> None:
    run = CronRuns(expression, UTC_ZONE).first_after(NOW)
    assert run is not None
    assert f"{run:%Y-%m-%d %H:%M}" == first
