"""The index is the short form of a catalog and the newest runs, and is read back as it was written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry, Leftover
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.verification import Finding
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.target_index.target_index import (
    IndexedBackup,
    IndexedLeftover,
    IndexedOrigin,
    IndexedProof,
    TargetIndex,
)
from dbops.domain.words.severity import Severity
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.samples import DAY, NOW, check_run, claim, manifest, verification

HOUR = timedelta(hours=1)
YESTERDAY = BackupId.at(NOW - DAY)
HOLD = Hold(YESTERDAY, None, "audit", "alice")


def result(rule: str, outcome: Outcome = Outcome.PASSED, severity: Severity = "error") -> CheckResult:
    return CheckResult(
        rule_id=rule, group="data", subject="public.Order", description=rule, outcome=outcome, severity=severity
    )


def full() -> TargetIndex:
    proof = verification(YESTERDAY, finished=NOW - HOUR)
    entry = CatalogEntry(manifest(NOW - DAY), hold=HOLD, verified=True, verification=proof, judged_at=NOW)
    running = Leftover(BackupId.at(NOW), claim(BackupId.at(NOW)), NOW, ("team/shop/backups/x/started.json",))
    return TargetIndex.of(
        Catalog("shop", (entry,), (running,), ("a is broken",)),
        NOW,
        checks=check_run(result("sums"), docs="s3://vault/docs"),
        probes=probe_run(probe_result(), page="s3://vault/page"),
        unreadable=["b is broken"],
    )


def test_it_is_read_back_equal() -> None:
    index = full()

    assert TargetIndex.from_json(index.to_json()) == index
    assert TargetIndex.from_json(TargetIndex(target="shop", written=NOW).to_json()).backups == ()


def test_what_a_later_version_adds_is_ignored_and_another_format_is_refused() -> None:
    body = full().to_json()

    assert TargetIndex.from_json(body.replace(b'"target": "shop"', b'"target": "shop", "colour": "blue"', 1)) == full()
    with pytest.raises(ValueError, match="format"):
        TargetIndex.from_json(body.replace(b'"format": 2', b'"format": 3'))
    with pytest.raises(ValueError, match="format"):
        TargetIndex.from_json(b'{"format": 1, "target": "shop", "backups": [], "unreadable": []}')


def test_a_backup_has_what_its_manifest_hold_and_verdict_say() -> None:
    [backup] = full().backups

    assert backup == IndexedBackup(
        backup_id=YESTERDAY,
        finished=NOW - DAY + timedelta(minutes=5),
        rows=500,
        tables=1,
        stored_bytes=1000,
        database_bytes=10_000,
        verified=True,
        verified_at=NOW - HOUR,
        judged_at=NOW,
        recovery_seconds=3.0,
        hold=HOLD,
    )
    assert (backup.started, backup.duration) == (NOW - DAY, timedelta(minutes=5))
    assert backup.is_good
    assert not backup.is_encrypted
    encrypted = replace(manifest(NOW), encryption_recipients=("age1abc",))
    assert IndexedBackup.of(CatalogEntry(encrypted)).is_encrypted
    assert IndexedBackup.of(CatalogEntry(encrypted)).encryption_recipients == ("age1abc",)
    assert backup.failed_at is None
    bad = replace(backup, verified=False)
    assert (bad.is_good, bad.failed_at) == (False, NOW)
    assert replace(bad, judged_at=None).failed_at == backup.finished  # of an index that an earlier release wrote
    assert IndexedBackup.of(CatalogEntry(manifest(NOW), is_doubtful=True)).is_doubtful


def test_it_says_of_which_database_on_which_cluster_the_newest_backup_is() -> None:
    newest = replace(manifest(NOW), database="crm", system_identifier="7588")

    index = TargetIndex.of(Catalog("shop", (CatalogEntry(manifest(NOW - DAY)), CatalogEntry(newest))), NOW)

    assert index.origin == IndexedOrigin(database="crm", system_identifier="7588")
    assert full().origin == IndexedOrigin(database="shop", system_identifier=None)
    assert TargetIndex.of(Catalog("shop"), NOW).origin is None


def test_an_index_of_an_earlier_release_is_read_and_does_not_say_so() -> None:
    body = json.loads(full().to_json())
    del body["origin"]

    assert TargetIndex.from_json(json.dumps(body).encode()) == replace(full(), origin=None)


@pytest.mark.parametrize(
    ("renewed", "written", "alive"),
    [(NOW, NOW - HOUR, NOW), (NOW - HOUR, NOW, NOW), (None, NOW - HOUR, NOW - HOUR)],
    ids=["its claim", "its files", "it has no claim"],
)
def test_a_leftover_was_alive_when_it_last_gave_a_sign(
    renewed: datetime | None, written: datetime, alive: datetime
) -> None:
    begun = BackupId.at(NOW - DAY)
    found = Leftover(begun, claim(begun, renewed=renewed) if renewed else None, written, ())

    assert IndexedLeftover.of(found) == IndexedLeftover(backup_id=begun, alive=alive)


def test_the_last_proof_is_the_newest_good_verdict_and_the_last_verdict_the_newest_of_all() -> None:
    good, bad = verification(YESTERDAY, finished=NOW - 2 * HOUR), verification(BackupId.at(NOW), finished=NOW, ok=False)
    bad = replace(bad, kind="restore", findings=(Finding("warning", "odd"), Finding("error", "A row is missing.")))
    entry = CatalogEntry(manifest(NOW), verified=False, verification=bad)

    index = TargetIndex.of(Catalog("shop", (entry,), past=(good,)), NOW)

    assert index.last_proof == IndexedProof(
        backup_id=YESTERDAY, ok=True, kind="drill", finished=NOW - 2 * HOUR, recovery_seconds=3.0
    )
    assert index.last_verdict == IndexedProof(
        backup_id=BackupId.at(NOW),
        ok=False,
        kind="restore",
        finished=NOW,
        recovery_seconds=3.0,
        sentence="A row is missing.",
    )


def test_every_rule_of_the_newest_checks_is_counted_once_and_the_worst_are_named_first() -> None:
    run = check_run(
        result("holds"),
        *(result(f"warns {number}", Outcome.FAILED, "warning") for number in range(4)),
        result("unknown warning", Outcome.NOT_EVALUATED, "warning"),
        result("unknown", Outcome.NOT_EVALUATED),
        result("broken", Outcome.FAILED),
    )

    checks = TargetIndex.of(Catalog("shop"), NOW, checks=run).checks

    assert checks is not None
    assert (checks.passed, checks.failed, checks.unknown, checks.warnings) == (1, 1, 1, 5)
    assert checks.is_red
    assert checks.worst == (
        "public.Order: broken",
        "public.Order: unknown",
        "public.Order: warns 0",
        "public.Order: warns 1",
        "public.Order: warns 2",
    )


@pytest.mark.parametrize(("outcome", "counts"), [(Outcome.FAILED, (1, 0)), (Outcome.NOT_EVALUATED, (0, 1))])
def test_one_rule_that_is_broken_or_unknown_makes_a_run_red(outcome: Outcome, counts: tuple[int, int]) -> None:
    checks = TargetIndex.of(Catalog("shop"), NOW, checks=check_run(result("a"), result("b", outcome))).checks

    assert checks is not None
    assert ((checks.failed, checks.unknown), checks.passed, checks.is_red) == (counts, 1, True)


def test_what_is_running_is_in_the_index() -> None:
    assert [one.backup_id for one in full().leftovers] == [BackupId.at(NOW)]


def test_a_warning_alone_is_not_red() -> None:
    checks = TargetIndex.of(Catalog("shop"), NOW, checks=check_run(result("warns", Outcome.FAILED, "warning"))).checks

    assert checks is not None
    assert not checks.is_red


def test_the_newest_probes_say_how_many_are_well_and_which_are_not() -> None:
    run = probe_run(
        probe_result("quick"),
        probe_result("slow", 250.0),
        probe_result("broken", latency=None, errors=40, error="no such column"),
        page="s3://vault/page",
    )

    probes = TargetIndex.of(Catalog("shop"), NOW, probes=run).probes

    assert probes is not None
    assert (probes.total, probes.well, probes.slowest, probes.page) == (3, 1, "slow", "s3://vault/page")
    assert probes.p95 is not None
    assert probes.worst == ("broken: failed", "slow: over budget")


def test_what_cannot_be_read_is_told_of_catalog_and_runs_alike() -> None:
    assert full().unreadable == ("a is broken", "b is broken")
