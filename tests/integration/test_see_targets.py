"""What the page shows, read from a real store: how often it is asked, and what is said where it refuses or is gone."""

from __future__ import annotations

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.storage import S3Options, Storage
from dbops.domain.target import Target
from dbops.domain.views.target_view import Part, TargetView
from dbops.domain.watch.light import Light
from dbops.gateways.s3 import S3Bucket, connect
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.index_bundles import renew_bundle
from dbops.gateways.store.probe_runs import put_probe_run
from dbops.gateways.store.restores import put_restore
from dbops.gateways.store.target_indexes import build_index, write_index
from dbops.gateways.store.verifications import put_verification
from dbops.jobs.target_index.last_indexes import LastIndexes
from dbops.jobs.views.see_backup import see_backup
from dbops.jobs.views.see_target import see_target
from dbops.jobs.views.see_targets import see_targets
from dbops_airflow.page.buckets import Buckets
from dbops_airflow.page.sight import PATIENCE
from demo.seaweed import SeaweedS3
from tests.unit.page_samples import index, lights, rule, shown
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.restores import record
from tests.unit.samples import check_run, manifest, store_backup, verification

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)  # more than any of this takes
A_MOMENT = timedelta(seconds=2)
HURRIED = S3Options(addressing_style="path", attempts=1, connect_timeout=A_MOMENT, read_timeout=2 * A_MOMENT)


def now() -> datetime:
    return NOW


def target(bucket_name: str, name: str = "shop") -> Target:
    return Target(name=name, connection=name, environment="development", storage=Storage(bucket=bucket_name))


@pytest.fixture
def shop(bucket_name: str) -> Target:
    return target(bucket_name)


@pytest.fixture
def asked(store_client: S3Client) -> Counter[str]:
    """How often the store was asked for what."""
    counted: Counter[str] = Counter()

    def count(operation_name: str, **_event: Any) -> None:
        counted[operation_name] += 1

    store_client.meta.events.register("request-created.s3", count)
    return counted


@pytest.fixture
def newest(bucket: S3Bucket, shop: Target) -> BackupId:
    """The newest of three nights, with a drill, a hold, checks, probes, a restore, an audit and the index of it all."""
    layout, nights = Layout(shop.root), [manifest(NOW - night * 24 * HOUR - HOUR) for night in range(3)]
    for backup in nights:
        store_backup(bucket, layout, backup)
    put_verification(bucket, shop, verification(nights[1].backup_id, finished=NOW - 2 * HOUR))
    bucket.put(layout.hold(nights[2].backup_id), Hold(nights[2].backup_id, None, "audit", "alice").to_json())
    for backup in nights:
        put_check_run(bucket, shop, check_run(rule("total is positive"), started=backup.started))
    put_probe_run(bucket, shop, probe_run(probe_result(), started=NOW - HOUR))
    put_restore(bucket, shop, record(planned=NOW - HOUR))
    write_audit(bucket, shop, NOW - HOUR, "swap", {"requested_by": "alice", "approved_by": "bob"})
    write_index(bucket, shop, build_index(bucket, shop, NOW))
    return nights[0].backup_id


def see(shop: Target, bucket: Bucket) -> TargetView:
    return see_target(shop, lambda _: bucket, {}, clock=now, within=A_MINUTE)


def parts(view: TargetView) -> list[object]:
    return [getattr(view, part.value) for part in Part]


def test_three_hundred_targets_are_two_requests_and_then_one_and_what_has_changed(
    bucket: S3Bucket, bucket_name: str, asked: Counter[str]
) -> None:
    targets = [target(bucket_name, f"shop_{number}") for number in range(300)]
    with ThreadPoolExecutor(8) as pool:
        fresh = replace(index(), written=NOW)
        list(pool.map(lambda one: write_index(bucket, one, replace(fresh, target=one.name)), targets))
    renew_bundle(bucket, targets)
    last = LastIndexes()

    def requests() -> Counter[str]:
        asked.clear()
        overview = see_targets(targets, (), lambda _: bucket, {}, clock=now, within=A_MINUTE, last=last)
        assert len(overview.rows) == 300
        assert all(row.index is not None for row in overview.rows)
        return asked

    assert requests() == {"ListObjectsV2": 1, "GetObject": 1}
    assert requests() == {"ListObjectsV2": 1}
    for one in targets[:5]:
        write_index(bucket, one, replace(fresh, target=one.name, written=NOW + HOUR))
    assert requests() == {"ListObjectsV2": 1, "GetObject": 5}


@pytest.mark.usefixtures("newest")
def test_everything_that_a_bucket_knows_of_a_target_is_shown(bucket: S3Bucket, shop: Target) -> None:
    view = see(shop, bucket)
    assert view.row.light is Light.GREEN, view.row.reasons
    backups, checks, probes, _, restores, audit = shown(view)
    assert [row.backup.verified for row in backups.rows] == [None, True, None]
    assert [row.backup.hold is not None for row in backups.rows] == [False, False, True]
    assert (len(checks.nights), checks.passed) == (3, 1)
    assert [row.result.probe for row in probes.rows] == ["user_by_id"]
    assert [one.run for one in restores.records] == ["manual__1"]
    assert [(one.action, one.by, one.facts) for one in audit.entries] == [("swap", "alice", (("approved by", "bob"),))]


def test_a_backup_is_three_small_reads(bucket: S3Bucket, shop: Target, newest: BackupId, asked: Counter[str]) -> None:
    asked.clear()
    view = see_backup(shop, lambda _: bucket, newest, clock=now, within=A_MINUTE)
    assert view is not None
    assert view.manifest == manifest(newest)
    assert (view.verification, view.hold) == (None, None)
    assert asked == {"GetObject": 3}
    assert see_backup(shop, lambda _: bucket, BackupId("20200101T000000Z"), clock=now, within=A_MINUTE) is None


@pytest.mark.usefixtures("newest")
def test_a_store_that_refuses_says_so_everywhere_and_no_credential_is_shown(
    s3_server: SeaweedS3, shop: Target, bucket_name: str
) -> None:
    client = connect(
        options=HURRIED,
        endpoint_url=s3_server.endpoint_url,
        region=s3_server.region,
        access_key=s3_server.access_key,
        secret_key="not-the-secret",
    )
    try:
        refusing = S3Bucket(client, bucket_name, HURRIED)
        overview = see_targets([shop], (), lambda _: refusing, {}, clock=now, within=A_MINUTE)
        view = see(shop, refusing)
    finally:
        client.close()
    assert overview.rows[0].light is view.row.light is Light.RED
    assert all(isinstance(part, str) and "cannot be shown" in part for part in parts(view))
    assert s3_server.access_key not in f"{overview}{parts(view)}"
    assert "not-the-secret" not in f"{overview}{parts(view)}"


def test_a_store_that_is_gone_says_so_everywhere(shop: Target, bucket_name: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: whoever connects is refused
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        client = connect(options=HURRIED, endpoint_url=address, region="x", access_key="a", secret_key="b")
        try:
            gone = S3Bucket(client, bucket_name, HURRIED)
            overview = see_targets([shop], (), lambda _: gone, {}, clock=now, within=A_MINUTE)
            view = see(shop, gone)
        finally:
            client.close()
    assert overview.rows[0].light is view.row.light is Light.RED
    assert all(isinstance(part, str) and "cannot be shown" in part for part in parts(view))


def test_a_store_that_never_answers_is_waited_for_no_longer_than_asked(shop: Target, bucket_name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and says nothing
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        client = connect(options=HURRIED, endpoint_url=address, region="x", access_key="a", secret_key="b")
        try:
            silent = S3Bucket(client, bucket_name, HURRIED)
            overview = see_targets([shop], (), lambda _: silent, {}, clock=now, within=A_MOMENT / 2)
            view = see_target(shop, lambda _: silent, {}, clock=now, within=A_MOMENT / 2)
        finally:
            client.close()
    assert overview.rows[0].light is view.row.light is Light.GREY
    assert all(isinstance(part, str) and "did not answer in time" in part for part in parts(view))


def test_three_hundred_targets_of_a_store_that_never_answers_are_unreachable_within_the_pages_patience() -> None:
    connected: list[S3Client] = []

    def open_one(one: Target) -> S3Bucket:
        client = connect(options=one.storage.s3, endpoint_url=address, region="x", access_key="a", secret_key="b")
        connected.append(client)
        return S3Bucket(client, one.storage.bucket, one.storage.s3)

    with socket.create_server(("127.0.0.1", 0), backlog=512) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        patience = timedelta(seconds=PATIENCE * 2 / 3)
        targets = [target("deaf", f"shop_{number}") for number in range(300)]
        try:
            overview = see_targets(targets, (), Buckets(open_one).open, {}, clock=now, within=patience)
        finally:
            for client in connected:
                client.close()
    assert lights(overview) == {Light.RED: 300}
    assert len(connected) == 1
