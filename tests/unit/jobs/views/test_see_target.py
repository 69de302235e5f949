"""see_target: the parts of a target's page, each of which fails alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.views.target_view import (
    AuditPart,
    BackupsPart,
    ChecksPart,
    MigrationsPart,
    ProbesPart,
    RestoresPart,
    TargetView,
)
from dbops.domain.watch.light import Light
from dbops.errors import BucketError
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket, StoredObject
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.probe_runs import put_probe_run
from dbops.gateways.store.restores import put_restore
from dbops.gateways.store.target_indexes import write_index
from dbops.jobs.target_index.last_indexes import LastIndexes
from dbops.jobs.views import see_target as see_target_module
from dbops.jobs.views.see_target import see_target
from tests.unit.page_samples import backup, dag, index, rule, shown
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.restores import record
from tests.unit.samples import DAY, NOW, Clock, check_run, target
from tests.unit.waiting import PLENTY, time_is_up_for

SHOP = target()
LAYOUT = Layout(SHOP.root)


class FailingBucket(InMemoryBucket):
    """Does below ``folder`` what ``fail`` does, before it lists it."""

    def __init__(self, folder: str = "nowhere", fail: Callable[[], object] = lambda: None) -> None:
        super().__init__("vault", Clock())
        self._folder, self._fail = folder, fail

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See ``bucket.Bucket.list``."""
        if prefix == self._folder:
            self._fail()
        return super().list(prefix)


def filled(bucket: InMemoryBucket) -> InMemoryBucket:
    write_index(bucket, SHOP, index())
    for night in range(40):
        put_check_run(bucket, SHOP, check_run(rule("a"), started=NOW - night * DAY))
    for week in range(15):
        put_probe_run(bucket, SHOP, probe_run(probe_result(), started=NOW - week * timedelta(weeks=1)))
    put_restore(bucket, SHOP, record(run="manual__1"))
    put_restore(bucket, SHOP, record(run="manual__2", planned=NOW - DAY))
    for hour in range(60):
        write_audit(bucket, SHOP, NOW - timedelta(hours=hour), "expire", {})
    return bucket


def see(bucket: Bucket, within: timedelta = PLENTY) -> TargetView:
    states = {one.dag_id: one for one in (dag("check"), dag("check", of="blog"))}
    return see_target(SHOP, lambda _: bucket, states, clock=Clock(), within=within)


def test_every_part_is_shown() -> None:
    view = see(filled(FailingBucket()))
    assert view.row.light is Light.GREEN
    assert list(view.dags) == ["check"]
    backups, checks, probes, _, restores, audit = shown(view)
    assert len(backups.rows) == 2
    assert (checks.newest.started, len(checks.nights)) == (NOW, 30)
    assert len(probes.rows[0].trend) == 12
    assert [one.run for one in restores.records] == ["manual__1", "manual__2"]
    assert (len(audit.entries), audit.older, audit.entries[0].when) == (50, 10, NOW)


def test_a_target_of_which_nothing_is_there_yet_is_told_so_part_by_part() -> None:
    view = see(FailingBucket())
    assert view.row.light is Light.GREY
    assert view.backups == view.row.reasons[0]
    assert view.checks == "The checks of shop have not run yet."
    assert view.probes == "The operations of shop have not been timed yet."
    assert isinstance(view.migrations, MigrationsPart)
    assert view.restores == RestoresPart(records=())
    assert view.audit == AuditPart(entries=(), older=0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BucketError("The store refused: 403.", "Look at the policy."), "The store refused: 403. Look at the policy."),
        (RuntimeError("geheim"), "an unexpected RuntimeError"),
    ],
)
def test_a_part_that_cannot_be_read_says_why_and_hides_no_other(error: Exception, said: str) -> None:
    def fail() -> None:
        raise error

    view = see(filled(FailingBucket(LAYOUT.probes, fail)))
    assert isinstance(view.probes, str)
    assert view.probes.startswith("The probes of shop cannot be shown: ")
    assert said in view.probes
    assert "geheim" not in view.probes
    assert isinstance(view.checks, ChecksPart)
    assert isinstance(view.audit, AuditPart)


def test_an_object_that_cannot_be_read_is_named_and_the_others_are_shown() -> None:
    bucket = filled(FailingBucket())
    bucket.put(LAYOUT.check("20261122T120000Z"), b"{}")
    bucket.put(LAYOUT.restore("manual__1"), b"{}")
    put_probe_run(bucket, SHOP, probe_run(probe_result(), started=NOW, of="blog"))
    view = see(bucket)
    assert isinstance(view.checks, ChecksPart)
    assert isinstance(view.restores, RestoresPart)
    assert isinstance(view.probes, ProbesPart)
    assert view.checks.unreadable == (
        "s3://vault/team/shop/checks/20261122T120000Z.json is not a run of the checks that this version can read.",
    )
    assert view.checks.newest.started == NOW - DAY
    assert [one.run for one in view.restores.records] == ["manual__2"]
    assert len(view.probes.unreadable) == 1


def test_where_no_run_of_the_checks_can_be_read_the_sentence_is_about_that() -> None:
    bucket = FailingBucket()
    bucket.put(LAYOUT.check("20261122T120000Z"), b"{}")
    said = see(bucket).checks
    assert isinstance(said, str)
    assert "20261122T120000Z.json is not a run of the checks" in said


def test_a_store_that_cannot_be_opened_says_so_in_every_part() -> None:
    def cannot(_: Target) -> Bucket:
        raise BucketError("No such host.", "Look at the network.")

    view = see_target(SHOP, cannot, {}, clock=Clock(), within=PLENTY)
    assert view.row.light is Light.RED
    parts = (view.backups, view.checks, view.probes, view.migrations, view.restores, view.audit)
    assert all(isinstance(part, str) and "No such host. Look at the network." in part for part in parts)


def test_a_part_that_does_not_answer_in_time_says_so_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    time_is_up_for(1, monkeypatch, see_target_module)
    go_on = threading.Event()
    bucket = filled(FailingBucket(LAYOUT.audit_trail, go_on.wait))
    try:
        view = see(bucket)
    finally:
        go_on.set()
    assert view.audit == (
        "The audit trail of shop did not answer in time. Check whether the store is slow, and reload."
    )
    assert isinstance(view.backups, BackupsPart)
    assert isinstance(view.probes, ProbesPart)


def test_where_the_index_does_not_answer_the_backups_that_were_read_last_are_shown() -> None:
    class Hanging(InMemoryBucket):
        def get(self, key: str) -> bytes:
            go_on.wait()
            return super().get(key)

    go_on, last = threading.Event(), LastIndexes()
    last.keep(SHOP, index([backup(5 * DAY)]), NOW - timedelta(minutes=30))
    try:
        view = see_target(
            SHOP,
            lambda _: Hanging("vault", Clock()),
            {},
            clock=Clock(),
            within=timedelta(seconds=1),
            last=last,
        )
    finally:
        go_on.set()
    assert view.row.light is Light.RED
    assert any("was read 30m ago" in reason for reason in view.row.reasons)
    assert isinstance(view.backups, BackupsPart)
