"""A gauge says what is in the bucket, in base units; what nobody knows has none, and is never zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.fault import Fault
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.gauges import Gauge, probe_gauges, target_gauges, watch_gauges
from dbops.domain.watch.problem import ProblemKind, fault_problem, problem_of
from tests.gauges import BACKUP, INDEX, NOW, PROOF, REHEARSAL, REPORT, RUN, SHOP, every_gauge
from tests.unit.samples import target


def _of(index: TargetIndex, **settings: object) -> dict[str, float]:
    chosen = target("shop", **settings) if settings else SHOP
    return {gauge.name: gauge.value for gauge in target_gauges(chosen, index)}


def test_the_newest_good_backup_is_measured() -> None:
    seen = _of(INDEX)
    assert seen["dbops.backup.finished_timestamp_seconds"] == (NOW + timedelta(minutes=5)).timestamp()
    assert seen["dbops.backup.duration_seconds"] == 300
    assert seen["dbops.backup.stored_bytes"] == 1_000_000
    assert seen["dbops.backup.database_bytes"] == 9_000_000
    assert seen["dbops.backup.rows"] == 3000
    assert seen["dbops.backup.good"] == 1


def test_a_backup_that_a_restore_has_shown_to_be_bad_does_not_count_nor_one_from_the_future() -> None:
    later = replace(BACKUP, backup_id=BackupId.at(NOW + timedelta(hours=1)), rows=1, verified=False)
    future = replace(BACKUP, backup_id=BackupId.at(NOW + timedelta(days=9)), rows=2)
    seen = _of(replace(INDEX, backups=(BACKUP, later, future)))
    assert (seen["dbops.backup.rows"], seen["dbops.backup.good"]) == (3000, 1)


def test_a_target_without_a_backup_has_no_time_of_one_and_says_that_it_has_none() -> None:
    seen = _of(TargetIndex(target="shop", written=NOW))
    assert seen == {
        "dbops.backup.good": 0,
        "dbops.backup.promised_seconds": 26 * 3600,
        "dbops.recovery.promised_seconds": 10 * 86400,
    }


def test_who_promises_nothing_has_no_promise() -> None:
    seen = _of(INDEX, schedule={"backup": None, "drill": None, "check": None, "probe": None})
    assert not [name for name in seen if name.endswith("promised_seconds")]
    assert "dbops.recovery.promised_seconds" not in _of(INDEX, drill={"within": None})


def test_a_recovery_keeps_the_time_of_its_last_proof_when_the_next_one_fails() -> None:
    bad = replace(PROOF, ok=False, finished=PROOF.finished + timedelta(days=7), recovery_seconds=0.0)
    seen = _of(replace(INDEX, last_verdict=bad))
    assert seen["dbops.recovery.failed"] == 1
    assert seen["dbops.recovery.duration_seconds"] == 120.5
    assert seen["dbops.recovery.finished_timestamp_seconds"] == PROOF.finished.timestamp()
    assert _of(INDEX)["dbops.recovery.failed"] == 0


def test_what_would_refuse_a_restore_is_counted_and_none_of_it_is_a_zero() -> None:
    assert _rehearsed(INDEX) == {
        "dbops.rehearsal.finished_timestamp_seconds": (NOW + timedelta(hours=5)).timestamp(),
        "dbops.rehearsal.refusals": 2,
    }
    ready = replace(INDEX, rehearsal=replace(REHEARSAL, refusals=()))
    assert _rehearsed(ready)["dbops.rehearsal.refusals"] == 0


def test_a_rehearsal_that_could_not_be_planned_refuses_nothing_and_was_made() -> None:
    unknown = replace(REHEARSAL, refusals=(), unknown="The server does not answer.", unknown_since=NOW)
    assert _rehearsed(replace(INDEX, rehearsal=unknown)).keys() == {"dbops.rehearsal.finished_timestamp_seconds"}


def test_who_was_not_rehearsed_or_is_restored_elsewhere_has_no_rehearsal() -> None:
    assert _rehearsed(replace(INDEX, rehearsal=None)) == {}
    assert _rehearsed(INDEX, allow=["restored_elsewhere"]) == {}


def _rehearsed(index: TargetIndex, **settings: object) -> dict[str, float]:
    return {name: value for name, value in _of(index, **settings).items() if "rehearsal" in name}


def test_rules_and_operations_are_counted() -> None:
    seen = _of(INDEX)
    counted = [seen[f"dbops.check.rules_{kind}"] for kind in ("passed", "failed", "unknown", "warning")]
    assert counted == [40, 2, 1, 3]
    assert (seen["dbops.probe.operations"], seen["dbops.probe.operations_unwell"]) == (16, 2)
    assert seen["dbops.check.finished_timestamp_seconds"] == seen["dbops.probe.finished_timestamp_seconds"]
    assert seen["dbops.probe.finished_timestamp_seconds"] == NOW.timestamp()


def test_what_is_to_come_by_schedule_is_promised_for_as_long_as_the_targets_file_says() -> None:
    assert {name: value for name, value in _of(INDEX).items() if name.endswith("promised_seconds")} == {
        "dbops.backup.promised_seconds": 26 * 3600,
        "dbops.recovery.promised_seconds": 10 * 86400,
        "dbops.check.promised_seconds": 26 * 3600,
        "dbops.probe.promised_seconds": 8 * 86400,
    }


def test_each_gauge_says_of_which_target_and_operation_it_is() -> None:
    assert {str(gauge.tags) for gauge in target_gauges(SHOP, INDEX)} == {"{'target': 'shop'}"}
    assert [gauge.tags for gauge in probe_gauges(SHOP, RUN)] == [
        {"target": "shop", "probe": "list_newest"},
        {"target": "shop", "probe": "list_newest"},
        {"target": "shop", "probe": "user_by_id"},
    ]
    assert Gauge("dbops.watch.targets", 1).tags == {}


def test_each_operation_has_its_p95_and_budget_in_seconds_and_one_that_failed_only_its_budget() -> None:
    seen = {(gauge.name, gauge.probe): gauge.value for gauge in probe_gauges(SHOP, RUN)}
    assert seen["dbops.probe.p95_seconds", "list_newest"] == pytest.approx(0.012, rel=0.01)
    assert seen["dbops.probe.budget_seconds", "list_newest"] == 0.05
    assert ("dbops.probe.p95_seconds", "user_by_id") not in seen
    assert ("dbops.probe.budget_seconds", "user_by_id") in seen


def test_the_watch_counts_the_problems_of_each_target_and_those_of_none() -> None:
    problems = (
        problem_of(SHOP, ProblemKind.LATE, "It is late.", "Look."),
        fault_problem(Fault("targets/blog.yaml", 2, "nonsense")),
    )
    seen = [
        (gauge.name, gauge.target, gauge.value)
        for gauge in watch_gauges(replace(REPORT, problems=problems), ["shop", "crm"])
    ]
    assert seen == [
        ("dbops.target.problems", "shop", 1),
        ("dbops.target.problems", "crm", 0),
        ("dbops.watch.problems", "", 2),
        ("dbops.watch.targets", "", 1),
        ("dbops.watch.finished_timestamp_seconds", "", NOW.timestamp()),
    ]


def test_what_it_is_of_stands_behind_the_name_for_who_takes_no_tags() -> None:
    assert Gauge("dbops.probe.p95_seconds", 1, "shop", "list").dotted == "dbops.probe.p95_seconds.shop.list"
    assert Gauge("dbops.watch.targets", 1).dotted == "dbops.watch.targets"


def test_no_gauge_is_sent_twice_and_none_is_below_zero_which_statsd_takes_for_a_difference() -> None:
    sent = [gauge.dotted for gauge in every_gauge()]
    assert len(sent) == len(set(sent))
    assert min(gauge.value for gauge in every_gauge()) >= 0
