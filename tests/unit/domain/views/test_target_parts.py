"""Target parts: what is made of a target's records for its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dbops.domain.backups.retention import Hold
from dbops.domain.checks.suite import Outcome
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.migrations.record import MigrationRecord
from dbops.domain.probes.standing import Standing
from dbops.domain.target_index.target_index import IndexedLeftover
from dbops.domain.views.target_parts import backups_part, checks_part, migrations_part, probes_part
from tests.unit.page_samples import HOUR, backup, index, rule
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.samples import DAY, NOW, check_run, target

SHOP = target(retention={"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1})


def test_each_backup_is_told_why_it_stays_and_until_when_newest_first() -> None:
    nights = [backup(10 * HOUR + day * DAY) for day in range(4)]
    held = replace(nights[3], hold=Hold(nights[3].backup_id, None, "audit", "alice"))
    part = backups_part(SHOP, index([held, nights[2], nights[1], nights[0]]), NOW)
    assert [row.backup for row in part.rows] == [*nights[:3], held]
    newest, second, gone, kept = part.rows
    assert newest.reasons == ("last 1 of 2", "minimum_redundancy 1 of 1")
    assert newest.expires is not None
    assert second.expires is not None
    assert NOW < second.expires < newest.expires
    assert (gone.is_kept, gone.expires) == (False, NOW)
    assert gone.reasons == (f"no rule keeps it; the nearest kept is {nights[1].backup_id}",)
    assert (kept.is_kept, kept.expires) == (True, None)
    assert kept.reasons == ("held until it is released by alice: audit",)
    assert all(row.expires_why for row in part.rows)


def test_days_are_those_of_the_targets_own_zone() -> None:
    daily = {"last": 0, "daily": 7, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
    around_midnight = [backup(DAY + minutes) for minutes in (timedelta(minutes=30), timedelta(minutes=90))]
    auckland = target(retention=daily, timezone="Pacific/Auckland")
    assert [row.is_kept for row in backups_part(auckland, index(around_midnight), NOW).rows] == [True, True]
    assert [row.is_kept for row in backups_part(target(retention=daily), index(around_midnight), NOW).rows] == [
        True,
        False,
    ]


def test_what_is_running_and_what_cannot_be_read_is_handed_on() -> None:
    running = IndexedLeftover(backup_id=backup(HOUR).backup_id, alive=NOW)
    seen = index(leftovers=(running,), unreadable=("s3://vault/x is none.",))
    part = backups_part(SHOP, seen, NOW)
    assert (part.leftovers, part.unreadable, part.as_of) == ((running,), ("s3://vault/x is none.",), seen.written)


def test_bad_rules_are_told_apart_by_what_came_of_them() -> None:
    failed, unknown = rule("a", Outcome.FAILED), rule("b", Outcome.NOT_EVALUATED)
    warning, unsure = (
        rule("c", Outcome.FAILED, severity="warning"),
        rule("d", Outcome.NOT_EVALUATED, severity="warning"),
    )
    part = checks_part([check_run(rule("e"), unsure, warning, unknown, failed, rule("f"))])
    assert (part.failed, part.unknown, part.passed) == ((failed,), (unknown,), 2)
    assert set(part.warnings) == {warning, unsure}


def test_every_night_is_told_in_short_newest_first() -> None:
    runs = [
        check_run(rule("a", Outcome.FAILED), rule("b", Outcome.NOT_EVALUATED), started=NOW),
        check_run(rule("a", Outcome.FAILED, severity="warning"), started=NOW - DAY),
        check_run(rule("a"), rule("b"), started=NOW - 2 * DAY, full=True),
    ]
    nights = checks_part(runs).nights
    assert [night.check_id.time for night in nights] == [NOW, NOW - DAY, NOW - 2 * DAY]
    assert [night.is_red for night in nights] == [True, False, False]
    assert [(night.passed, night.failed, night.unknown, night.warnings) for night in nights] == [
        (0, 1, 1, 0),
        (0, 0, 0, 1),
        (2, 0, 0, 0),
    ]
    assert [night.full for night in nights] == [False, False, True]


def test_each_probe_has_its_trend_oldest_first_and_the_most_urgent_is_first() -> None:
    weeks = [
        probe_run(probe_result("slow", 200.0), probe_result("fine", 3.0), started=NOW),
        probe_run(probe_result("fine", 5.0), started=NOW - timedelta(weeks=1)),
        probe_run(probe_result("slow", 90.0), probe_result("fine", latency=None), started=NOW - timedelta(weeks=2)),
    ]
    part = probes_part(weeks)
    slow, fine = part.rows
    assert (slow.result, fine.result) == weeks[0].results
    assert [round(one) if one is not None else None for one in slow.trend] == [90, None, 200]
    assert [round(one) if one is not None else None for one in fine.trend] == [None, 5, 3]
    assert (slow.standing, fine.standing) == (Standing.OVER_BUDGET, Standing.WELL)
    assert part.newest is weeks[0]


def record(run: str, planned: timedelta) -> MigrationRecord:
    return MigrationRecord(target="shop", run=run, digest="d" * 64, planned=NOW - planned)


def test_migrations_are_those_that_the_newest_checks_saw_and_the_records_newest_first() -> None:
    seen = SeenMigrations(applied=(("0001_init", NOW - DAY),), pending=("0002_index",), failed=("0003_x",))
    night = check_run(rule("a"), migrations=seen)
    part = migrations_part(night, [record("old", 2 * DAY), record("new", DAY)])
    assert part.as_of == night.started
    assert part.applied == (("0001_init", NOW - DAY),)
    assert (part.pending, part.failed, part.unknown) == (("0002_index",), ("0003_x",), "")
    assert [one.run for one in part.records] == ["new", "old"]


def test_a_record_that_cannot_be_read_is_told_beside_those_that_can() -> None:
    part = migrations_part(None, [record("new", DAY)], ["s3://vault/x is none."])
    assert part.unreadable == ("s3://vault/x is none.",)
    assert len(part.records) == 1


def test_why_the_ledger_could_not_be_read_is_said() -> None:
    part = migrations_part(check_run(migrations=SeenMigrations(unknown="It is no ledger.")), ())
    assert (part.unknown, part.applied) == ("It is no ledger.", ())


def test_without_a_check_that_has_seen_any_there_are_only_records() -> None:
    for night in (None, check_run(rule("a"))):
        part = migrations_part(night, [record("new", DAY)])
        assert (part.as_of, part.applied, part.pending, part.failed) == (None, (), (), ())
        assert len(part.records) == 1
