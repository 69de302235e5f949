"""Retention: examples in the manner of restic's tables, then the properties that must hold for every input."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.retention import PROVEN, Hold, RetentionPlan, RetentionPolicy, plan_retention

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOTHING = {"last": 0, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}


def policy(**counts: int) -> RetentionPolicy:
    return RetentionPolicy(**{**NOTHING, **counts})


def ids(*texts: str) -> list[BackupId]:
    return [BackupId(text) for text in texts]


def nightly(days: int, newest: datetime = NOW) -> list[BackupId]:
    return [BackupId.at(newest - timedelta(days=day)) for day in range(days)]


def plan(
    backups: list[BackupId],
    rules: RetentionPolicy,
    *,
    bad: list[BackupId] | dict[BackupId, datetime] | None = None,
    doubtful: list[BackupId] | None = None,
    proven: list[BackupId] | None = None,
    holds: list[Hold] | None = None,
    now: datetime = NOW,
    zone: str = "UTC",
) -> RetentionPlan:
    return plan_retention(
        backups,
        holds or [],
        rules,
        now,
        ZoneInfo(zone),
        failed=dict.fromkeys(bad, LONG_AGO) if isinstance(bad, list) else bad or {},
        doubtful=doubtful or [],
        proven=proven or [],
    )


# ---------------------------------------------------------------- examples

TWO_YEARS = [
    "20241231T020000Z",
    "20250101T020000Z",
    "20251130T020000Z",
    "20251231T020000Z",
    "20260101T020000Z",
    "20261031T020000Z",
    "20261101T020000Z",
    "20261115T020000Z",
    "20261116T020000Z",
    "20261120T020000Z",
    "20261121T020000Z",
    "20261122T020000Z",
    "20261122T080000Z",
]


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({}, ["20261122T080000Z"]),
        ({"last": 3}, ["20261122T080000Z", "20261122T020000Z", "20261121T020000Z"]),
        ({"last": 99}, TWO_YEARS[::-1]),
        ({"daily": 1}, ["20261122T080000Z"]),
        ({"daily": 3}, ["20261122T080000Z", "20261121T020000Z", "20261120T020000Z"]),
        # the 17th to the 19th have no backup and are not counted
        ({"daily": 4}, ["20261122T080000Z", "20261121T020000Z", "20261120T020000Z", "20261116T020000Z"]),
        # 2026-11-22 is the Sunday of 2026-W47, 2026-11-16 its Monday
        ({"weekly": 3}, ["20261122T080000Z", "20261115T020000Z", "20261101T020000Z"]),
        ({"monthly": 3}, ["20261122T080000Z", "20261031T020000Z", "20260101T020000Z"]),
        ({"yearly": 3}, ["20261122T080000Z", "20251231T020000Z", "20241231T020000Z"]),
        ({"yearly": 99}, ["20261122T080000Z", "20251231T020000Z", "20241231T020000Z"]),
        ({"last": 2, "yearly": 2}, ["20261122T080000Z", "20261122T020000Z", "20251231T020000Z"]),
        ({"minimum_redundancy": 3}, ["20261122T080000Z", "20261122T020000Z", "20261121T020000Z"]),
    ],
    ids=str,
)
def test_a_rule_keeps_the_newest_backup_of_each_of_the_last_periods_that_have_one(
    rules: dict[str, int], kept: list[str]
) -> None:
    assert list(plan(ids(*TWO_YEARS), policy(**rules)).keep) == kept


def test_a_pause_of_half_a_year_in_the_backups_expires_nothing_that_stayed_before_it() -> None:
    before = nightly(10, datetime(2026, 5, 1, 2, tzinfo=UTC))
    kept = plan(before, policy(daily=7), now=before[0].time).keep
    after = plan([*kept, BackupId.at(NOW)], policy(daily=8)).keep
    assert set(kept) < set(after)


def test_iso_weeks_do_not_break_at_new_year() -> None:
    # 2026-12-28 to 2027-01-03 is one week, 2026-W53
    backups = ids("20261228T020000Z", "20261231T020000Z", "20270101T020000Z", "20270103T020000Z", "20270104T020000Z")
    answer = plan(backups, policy(weekly=2), now=datetime(2027, 1, 5, tzinfo=UTC))
    assert answer.keep[BackupId("20270103T020000Z")] == ("weekly 2026-W53",)
    assert list(answer.keep) == ids("20270104T020000Z", "20270103T020000Z")


def test_days_are_counted_in_the_zone_of_the_target() -> None:
    # 23:30 UTC is already the next day in Vienna
    backups = ids("20261120T233000Z", "20261121T020000Z")
    assert len(plan(backups, policy(daily=2), zone="UTC").keep) == 2
    assert len(plan(backups, policy(daily=2), zone="Europe/Vienna").keep) == 1


def test_the_hour_that_happens_twice_is_one_day_and_its_newest_backup_is_the_later_one() -> None:
    # Vienna, 2026-10-25: 02:30 summer time is 00:30 UTC, 02:30 winter time is 01:30 UTC
    backups = ids("20261025T003000Z", "20261025T013000Z")
    assert plan(backups, policy(daily=5), zone="Europe/Vienna").keep[backups[1]][0] == "daily 2026-10-25"
    assert list(plan(backups, policy(daily=5), zone="Europe/Vienna").expire) == [backups[0]]


def test_a_local_clock_set_back_over_midnight_does_not_count_the_same_day_twice() -> None:
    # St. John's, 2010-11-07: at 00:01 the clock went back to 23:01 of the 6th, so that the 7th began twice
    backups = ids("20101106T120000Z", "20101107T023030Z", "20101107T024500Z", "20101107T120000Z")
    answer = plan(backups, policy(daily=9), zone="America/St_Johns", now=datetime(2010, 11, 8, tzinfo=UTC))
    assert [reason for why in answer.keep.values() for reason in why if "daily" in reason] == [
        "daily 2010-11-07",
        "daily 2010-11-06",
    ]


def test_every_reason_can_be_read_by_a_person() -> None:
    backups = nightly(9)
    hold = Hold(backups[7], datetime(2026, 12, 24, tzinfo=UTC), "before the big migration", "alice")
    answer = plan(backups, policy(last=1, daily=2, weekly=1, monthly=1, yearly=1, minimum_redundancy=2), holds=[hold])
    assert answer.keep == {
        backups[0]: (
            "last 1 of 1",
            "daily 2026-11-22",
            "weekly 2026-W47",
            "monthly 2026-11",
            "yearly 2026",
            "minimum_redundancy 1 of 2",
        ),
        backups[1]: ("daily 2026-11-21", "minimum_redundancy 2 of 2"),
        backups[7]: ("held until 2026-12-24 00:00 UTC by alice: before the big migration",),
    }
    assert answer.expire[backups[8]] == (f"no rule keeps it; the nearest kept is {backups[7]}",)
    assert answer.expire[backups[2]] == (f"no rule keeps it; the nearest kept is {backups[1]}",)


def test_a_hold_without_an_end_holds_until_it_is_released() -> None:
    backups = nightly(3)
    answer = plan(backups, policy(), holds=[Hold(backups[2], None, "evidence", "bob")])
    assert answer.keep[backups[2]] == ("held until it is released by bob: evidence",)


def test_a_hold_ends_at_the_moment_it_names() -> None:
    backups = nightly(3)
    for until, held in ((NOW, False), (NOW + timedelta(seconds=1), True)):
        answer = plan(backups, policy(), holds=[Hold(backups[2], until, "why", "bob")])
        assert (backups[2] in answer.keep) is held


def test_a_backup_that_failed_its_verification_counts_for_no_rule() -> None:
    backups = nightly(4)
    answer = plan(backups, policy(last=2, daily=2, minimum_redundancy=2), bad=[backups[1]])
    assert list(answer.keep) == [backups[0], backups[2]]
    assert answer.expire[backups[1]] == (
        f"its verification failed and a newer good backup exists; the nearest kept is {backups[0]}",
    )


def test_a_backup_that_failed_its_verification_stays_while_nothing_newer_is_good() -> None:
    backups = nightly(3)
    assert plan(backups, policy(), bad=backups[:1]).keep[backups[0]] == (
        "its verification failed, but there is no newer good backup",
    )
    assert not plan(backups, policy(), bad=backups).expire


def test_a_backup_that_failed_its_verification_stays_some_days_for_somebody_to_look() -> None:
    backups = nightly(3)
    judged = NOW - timedelta(days=2, minutes=50)
    answer = plan(backups, policy(), bad={backups[2]: judged})
    assert answer.keep[backups[2]] == (
        "its verification failed; it stays until 2026-11-27 11:10 UTC, 7d after the verdict, for somebody to look",
    )
    assert list(answer.expire) == [backups[1]]


def test_what_failed_goes_at_the_end_of_keep_failed_by_when_its_verdict_was_written() -> None:
    backups = nightly(2)
    rules = policy().model_copy(update={"keep_failed": timedelta(days=3)})
    for ago, stays in ((timedelta(days=3), False), (timedelta(days=3, seconds=-1), True), (timedelta(), True)):
        assert (backups[1] in plan(backups, rules, bad={backups[1]: NOW - ago}).keep) is stays


def test_with_keep_failed_zero_what_failed_goes_as_soon_as_a_newer_good_one_exists() -> None:
    backups = nightly(3)
    rules = RetentionPolicy.model_validate({**NOTHING, "keep_failed": "0d"})
    answer = plan(backups, rules, bad={backups[0]: NOW, backups[2]: NOW})
    assert list(answer.keep) == [backups[0], backups[1]]


def test_a_verdict_of_the_future_by_a_store_whose_clock_is_ahead_keeps_the_longer() -> None:
    backups = nightly(2)
    assert backups[1] in plan(backups, policy(), bad={backups[1]: NOW + timedelta(days=30)}).keep


@pytest.mark.parametrize("text", ["7", "3651d", "-1d"])
def test_what_is_no_time_to_look_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="keep_failed"):
        RetentionPolicy.model_validate({"keep_failed": text})


def test_a_backup_whose_verdict_cannot_be_read_stays_and_takes_no_place_in_any_rule() -> None:
    backups = nightly(4)
    newest = max(backups)
    rules = policy(last=1, minimum_redundancy=2)
    answer = plan(backups, rules, doubtful=[newest])
    assert "cannot be read" in answer.keep[newest][0]
    without = plan([one for one in backups if one != newest], rules)
    assert answer.keep == {newest: answer.keep[newest], **without.keep}
    assert answer.expire == without.expire


HOURS = [BackupId.at(NOW - timedelta(hours=number)) for number in range(31)]  # two days of them, newest first


def test_the_newest_that_a_restore_has_proven_stays_whatever_the_rules_say() -> None:
    drilled, before = HOURS[7], HOURS[9]
    answer = plan(HOURS, RetentionPolicy(), proven=[before, drilled])
    assert answer.keep[drilled] == ("the newest that a restore has proven",)
    assert list(answer.keep) == [*HOURS[:3], drilled, HOURS[13]]  # and the newest of yesterday
    assert answer.expire[before] == (f"no rule keeps it; the nearest kept is {drilled}",)


def test_what_a_restore_has_proven_goes_when_a_newer_one_is_proven() -> None:
    assert HOURS[7] in plan(HOURS, RetentionPolicy(), proven=[HOURS[7]]).keep
    assert HOURS[7] in plan(HOURS, RetentionPolicy(), proven=[HOURS[7], HOURS[2]]).expire


def test_what_a_rule_keeps_as_well_says_both() -> None:
    newest, *_ = backups = nightly(3)
    assert plan(backups, policy(last=1), proven=backups).keep[newest] == (
        "last 1 of 1",
        "minimum_redundancy 1 of 1",
        "the newest that a restore has proven",
    )


@pytest.mark.parametrize("later", ["failed", "in doubt", "of the future"])
def test_a_proof_that_retention_cannot_count_on_lets_no_older_one_go(later: str) -> None:
    newer = BackupId.at(NOW + timedelta(days=1)) if later == "of the future" else HOURS[5]
    answer = plan(
        [*HOURS, newer],
        RetentionPolicy(),
        bad=[newer] if later == "failed" else None,
        doubtful=[newer] if later == "in doubt" else None,
        proven=[newer, HOURS[7]],
    )
    assert answer.keep[HOURS[7]] == ("the newest that a restore has proven",)


def test_a_backup_dated_in_the_future_stays_and_takes_no_place_in_any_rule() -> None:
    future = BackupId.at(NOW + timedelta(days=400))
    answer = plan([future, *nightly(5)], policy(last=2, yearly=2, minimum_redundancy=2))
    assert answer.keep[future] == ("dated in the future, in 400d: is a clock wrong?",)
    assert [backup_id for backup_id in answer.keep if backup_id != future] == nightly(2)


def test_a_clock_that_jumps_back_expires_nothing_that_it_now_calls_the_future() -> None:
    backups = nightly(30)
    answer = plan(backups, policy(last=1), now=NOW - timedelta(days=20))
    assert set(backups[:20]) <= set(answer.keep)


def test_a_clock_that_jumps_years_ahead_expires_no_more_than_the_right_one() -> None:
    backups = nightly(60)
    rules = RetentionPolicy()
    assert plan(backups, rules, now=NOW + timedelta(days=3650)).expire.keys() == plan(backups, rules).expire.keys()


def test_an_id_given_twice_is_one_backup() -> None:
    newest, older = nightly(2)
    assert plan([newest, newest, older], policy(last=2)) == plan([newest, older], policy(last=2))


def test_an_empty_bucket_is_an_empty_plan() -> None:
    answer = plan([], RetentionPolicy())
    assert (answer.keep, answer.expire) == ({}, {})


def test_the_table_shows_every_backup_newest_first_and_a_pipe_in_a_reason_does_not_break_it() -> None:
    backups = nightly(3)
    table = plan(backups, policy(), holds=[Hold(backups[1], None, "a|b\nc", "bob")]).markdown().splitlines()
    assert table == [
        "| backup | age | verdict | reasons |",
        "| --- | --- | --- | --- |",
        f"| {backups[0]} | 0.0s | keep | minimum_redundancy 1 of 1 |",
        f"| {backups[1]} | 1d | keep | held until it is released by bob: a\\|b c |",
        f"| {backups[2]} | 2d | expire | no rule keeps it; the nearest kept is {backups[1]} |",
    ]


@pytest.mark.parametrize("rule", ["last", "daily", "minimum_redundancy"])
def test_more_than_anybody_can_count_is_no_policy(rule: str) -> None:
    with pytest.raises(ValueError, match="less than or equal to 1000000"):
        policy(**{rule: 10**30})
    assert len(plan(nightly(3), policy(**{rule: 1_000_000})).keep) == 3


def test_a_hold_is_read_back_as_it_was_written() -> None:
    hold = Hold(BackupId("20261122T020000Z"), datetime(2026, 12, 24, tzinfo=UTC), "why", "alice")
    assert Hold.from_json(hold.to_json()) == hold


def test_a_hold_written_by_hand_without_a_zone_means_utc() -> None:
    body = b'{"backup_id": "20261122T020000Z", "until": "2026-12-24", "reason": "why", "by": "alice"}'
    assert Hold.from_json(body).until == datetime(2026, 12, 24, tzinfo=UTC)


def test_a_hold_written_by_hand_in_a_zone_is_kept_in_utc_like_every_time_in_the_bucket() -> None:
    body = b'{"backup_id": "20261122T020000Z", "until": "2026-12-24T01:00:00+01:00", "reason": "why", "by": "alice"}'
    assert b'"until": "2026-12-24T00:00:00Z"' in Hold.from_json(body).to_json()


def test_what_is_not_a_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="backup_id"):
        Hold.from_json(b'{"backup_id": "yesterday", "until": null, "reason": "", "by": ""}')


# ---------------------------------------------------------------- properties

ZONES = ["UTC", "Europe/Vienna", "America/St_Johns", "America/Havana", "Pacific/Apia", "Asia/Kathmandu"]


def between(first: str, last: str) -> st.SearchStrategy[datetime]:
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    return st.integers(0, int((end - start).total_seconds())).map(lambda seconds: start + timedelta(seconds=seconds))


# Dense around a change of the clock and a turn of the year, so that periods collide and split.
moments = st.one_of(
    between("2023-01-01", "2028-01-01"), between("2026-10-24", "2026-10-26"), between("2026-12-30", "2027-01-05")
)
backup_ids = moments.map(BackupId.at)
policies = st.builds(
    RetentionPolicy,
    last=st.integers(0, 6),
    daily=st.integers(0, 6),
    weekly=st.integers(0, 6),
    monthly=st.integers(0, 6),
    yearly=st.integers(0, 6),
    minimum_redundancy=st.integers(1, 6),
    keep_failed=st.timedeltas(timedelta(0), timedelta(days=400)),
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
# Each backup with when it failed its verification, None for the good ones.
catalogs = st.dictionaries(backup_ids, st.one_of(st.none(), st.none(), moments), max_size=40)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    catalog = draw(catalogs)
    holdable = st.sampled_from(sorted(catalog)) if catalog else backup_ids
    holds = st.lists(
        st.builds(Hold, holdable, st.none() | moments, st.just("why"), st.just("alice")),
        max_size=4,
        unique_by=lambda hold: hold.backup_id,
    )
    return catalog, draw(holds), draw(policies), draw(moments), draw(zones)


Situation = tuple[Mapping[BackupId, datetime | None], list[Hold], RetentionPolicy, datetime, ZoneInfo]


def failed(catalog: Mapping[BackupId, datetime | None]) -> dict[BackupId, datetime]:
    return {backup_id: moment for backup_id, moment in catalog.items() if moment is not None}


def proven(catalog: Mapping[BackupId, datetime | None]) -> list[BackupId]:
    """Every other good one, by its second, so that it is the same backup in each variation of a situation."""
    return [backup_id for backup_id, moment in catalog.items() if moment is None and backup_id.time.second % 2]


def decide(situation: Situation) -> RetentionPlan:
    catalog, holds, rules, now, zone = situation
    return plan_retention(catalog, holds, rules, now, zone, failed=failed(catalog), doubtful=(), proven=proven(catalog))


@given(situations())
@example(({}, [], RetentionPolicy(), NOW, UTC_ZONE))
def test_every_backup_is_either_kept_or_expired_and_never_both(situation: Situation) -> None:
    answer = decide(situation)
    assert sorted([*answer.keep, *answer.expire]) == sorted(situation[0])
    assert all(reasons and all(reasons) for reasons in (answer.keep | answer.expire).values())


@given(situations())
def test_never_fewer_good_backups_stay_than_the_minimum_or_than_there_were(situation: Situation) -> None:
    catalog, _, rules, now, _ = situation
    good = sorted((i for i in catalog if catalog[i] is None and i.time <= now), reverse=True)
    floor = good[: rules.minimum_redundancy]
    assert set(floor) <= set(decide(situation).keep)


@given(situations())
def test_the_newest_that_a_restore_has_proven_is_never_expired(situation: Situation) -> None:
    catalog, _, _, now, _ = situation
    of_now = [i for i in proven(catalog) if i.time <= now]
    assert not of_now or PROVEN in decide(situation).keep[max(of_now)]
    assert sum(PROVEN in reasons for reasons in decide(situation).keep.values()) == bool(of_now)


@given(situations())
def test_a_proof_keeps_one_more_backup_and_changes_nothing_for_the_others(situation: Situation) -> None:
    catalog, holds, rules, now, zone = situation
    unproven = plan_retention(catalog, holds, rules, now, zone, failed=failed(catalog), doubtful=(), proven=())
    answer = decide(situation)
    more = answer.keep.keys() - unproven.keep.keys()
    assert len(more) <= 1
    assert answer.expire.keys() == unproven.expire.keys() - more


@given(situations())
def test_what_is_held_stays(situation: Situation) -> None:
    catalog, holds, _, now, _ = situation
    held = {hold.backup_id for hold in holds if hold.is_active(now)} & catalog.keys()
    assert held <= decide(situation).keep.keys()


@given(situations())
def test_what_is_dated_in_the_future_stays(situation: Situation) -> None:
    catalog, _, _, now, _ = situation
    assert {i for i in catalog if i.time > now} <= decide(situation).keep.keys()


@given(situations())
def test_what_is_dated_in_the_future_changes_nothing_for_the_others(situation: Situation) -> None:
    catalog, holds, rules, now, zone = situation
    past = {i: moment for i, moment in catalog.items() if i.time <= now}
    assert decide((past, holds, rules, now, zone)).expire == decide(situation).expire


@given(situations())
def test_what_failed_its_verification_changes_nothing_for_the_good_ones(situation: Situation) -> None:
    catalog, holds, rules, now, zone = situation
    good = {i: None for i, moment in catalog.items() if moment is None}
    alone, together = decide((good, holds, rules, now, zone)), decide(situation)
    assert alone.expire.keys() == {i for i in together.expire if catalog[i] is None}


@given(situations())
def test_what_failed_its_verification_stays_for_keep_failed_whatever_else_is_true(situation: Situation) -> None:
    catalog, _, rules, now, _ = situation
    fresh = {i for i, moment in failed(catalog).items() if now - moment < rules.keep_failed}
    assert fresh <= decide(situation).keep.keys()


@given(situations(), st.data())
def test_a_verdict_that_is_overwritten_costs_no_backup_at_the_next_expire(
    situation: Situation, data: st.DataObject
) -> None:
    catalog, holds, rules, now, zone = situation
    rules = rules.model_copy(update={"keep_failed": rules.keep_failed + timedelta(seconds=1)})
    forged = data.draw(st.sets(st.sampled_from(sorted(catalog)))) if catalog else set()
    before = decide((catalog, holds, rules, now, zone)).expire
    overwritten = {i: now if i in forged else moment for i, moment in catalog.items()}
    assert decide((overwritten, holds, rules, now, zone)).expire.keys() <= before.keys()


@given(situations())
def test_planning_again_on_what_stayed_expires_nothing(situation: Situation) -> None:
    catalog, holds, rules, now, zone = situation
    first = decide(situation)
    again = decide(({i: catalog[i] for i in first.keep}, holds, rules, now, zone))
    assert again.expire == {}
    assert again.keep == first.keep


@given(situations(), backup_ids)
def test_a_new_good_backup_takes_no_held_one_away_and_never_leaves_fewer_good_ones_than_the_minimum(
    situation: Situation, new: BackupId
) -> None:
    catalog, holds, rules, now, zone = situation
    first = decide(situation)
    after = {i: catalog[i] for i in first.keep} | {new: None}
    second = decide((after, holds, rules, now, zone))
    held = {hold.backup_id for hold in holds if hold.is_active(now)} & first.keep.keys()
    assert held <= second.keep.keys()
    good = [i for i in after if after[i] is None and i.time <= now]
    assert len([i for i in second.keep if i in good]) >= min(rules.minimum_redundancy, len(good))


@given(situations())
def test_the_newest_good_backup_is_never_expired(situation: Situation) -> None:
    catalog = situation[0]
    good = [i for i in catalog if catalog[i] is None]
    assert not good or max(good) in decide(situation).keep


@given(situations())
def test_what_expires_is_told_the_nearest_good_backup_that_stays_and_of_two_the_newer(situation: Situation) -> None:
    backups, _, _, now, _ = situation
    answer = decide(situation)
    kept = [backup_id for backup_id in answer.keep if backups[backup_id] is None and backup_id.time <= now]
    for backup_id, (reason,) in answer.expire.items():
        nearest = min(sorted(kept, reverse=True), key=lambda other: abs(other.time - backup_id.time))
        assert reason.endswith(f"; the nearest kept is {nearest}")


@given(situations(), st.randoms())
def test_the_order_of_the_input_changes_nothing(situation: Situation, random: object) -> None:
    catalog, holds, rules, now, zone = situation
    items = list(catalog.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert decide((dict(items), holds[::-1], rules, now, zone)) == decide(situation)


@given(situations(), st.integers(0, 5))
def test_a_more_generous_policy_expires_nothing_more(situation: Situation, more: int) -> None:
    catalog, holds, rules, now, zone = situation
    given = rules.model_dump()
    longer = given.pop("keep_failed") + timedelta(days=more)
    generous = RetentionPolicy(**{rule: count + more for rule, count in given.items()}, keep_failed=longer)
    assert decide((catalog, holds, generous, now, zone)).expire.keys() <= decide(situation).expire.keys()


@given(situations(), st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_a_clock_ahead_expires_no_good_backup_that_the_right_one_would_keep_by_a_rule(
    situation: Situation, ahead: timedelta
) -> None:
    catalog, _, rules, now, zone = situation
    past = {i: None for i in catalog if i.time <= now}
    assert decide((past, [], rules, now + ahead, zone)).expire == decide((past, [], rules, now, zone)).expire


@pytest.mark.parametrize("zone", ZONES)
def test_two_years_of_nightly_backups_and_expiry_settle_on_what_the_policy_promises(zone: str) -> None:
    rules = RetentionPolicy(last=3, daily=7, weekly=4, monthly=6, yearly=2, minimum_redundancy=3)
    kept: set[BackupId] = set()
    for day in range(730):
        now = datetime(2025, 1, 1, 2, tzinfo=UTC) + timedelta(days=day)
        kept = set(plan([*kept, BackupId.at(now)], rules, now=now, zone=zone).keep)
    local = [i.time.astimezone(ZoneInfo(zone)) for i in kept]
    months = {f"{moment:%Y-%m}" for moment in local}
    assert {"2026-12", "2026-11", "2026-10", "2026-09", "2026-08", "2026-07"} <= months
    assert {moment.year for moment in local} == {2025, 2026}
    assert 7 + 3 + 5 <= len(kept) <= 7 + 4 + 6 + 2
