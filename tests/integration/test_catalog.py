"""Reading the catalog of a real bucket, and what it costs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.backups.storage import Storage
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.claims import claim, other_live_claims
from dbops.gateways.store.target_indexes import build_index, read_index, write_index

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NOW = datetime.now(UTC)
BACKUPS = 12


@pytest.fixture
def asked() -> Counter[str]:
    """How often the store was asked for what."""
    return Counter()


@pytest.fixture
def bucket(store_client: S3Client, bucket: S3Bucket, asked: Counter[str]) -> S3Bucket:
    """The bucket, every request to it counted."""

    def count(operation_name: str, **_event: Any) -> None:
        asked[operation_name] += 1

    store_client.meta.events.register("request-created.s3", count)
    return bucket


@pytest.fixture
def target(bucket_name: str) -> Target:
    return Target(name="app", connection="app", environment="development", storage=Storage(bucket=bucket_name))


def manifest(backup_id: BackupId) -> BackupManifest:
    return BackupManifest(
        target="app",
        backup_id=backup_id,
        started=backup_id.time,
        finished=backup_id.time,
        server_version="17.10",
        pg_dump_version="17.10",
        pg_dump_options=(),
        database="app",
        database_bytes=0,
        files=(),
        tables=(),
        extensions=(),
        tool_version="1",
    )


def test_the_catalog_costs_one_read_a_backup_however_many_files_each_has(
    bucket: S3Bucket, target: Target, asked: Counter[str]
) -> None:
    layout = Layout(target.root)
    ids = [BackupId.at(NOW - timedelta(days=day)) for day in range(BACKUPS, 0, -1)]
    for backup_id in ids:
        for number in range(5):
            bucket.put(f"{layout.folder(backup_id)}{number}.dat.zst", b"")
        bucket.put(layout.manifest(backup_id), manifest(backup_id).to_json())
    bucket.put(layout.hold(ids[0]), Hold(ids[0], None, "audit", "alice").to_json())
    bucket.put(layout.verification(ids[1]), b'{"ok": false}')
    asked.clear()

    catalog = read_catalog(bucket, target)

    assert [entry.backup_id for entry in catalog.entries] == ids
    assert [entry.verified for entry in catalog.entries[:3]] == [None, False, None]
    assert catalog.entries[0].hold == Hold(ids[0], None, "audit", "alice")
    assert catalog.unreadable == ()
    assert asked == {"ListObjectsV2": 3, "GetObject": BACKUPS + 2}


def test_a_running_backup_is_a_leftover_whose_claim_others_see_until_it_is_released(
    bucket: S3Bucket, target: Target
) -> None:
    with claim(bucket, Layout(target.root), "app", run="scheduled", clock=lambda: NOW) as held:
        catalog = read_catalog(bucket, target)
        (left,) = catalog.leftovers
        assert (left.backup_id, left.claim) == (held.backup_id, held.claim)
        assert abs(datetime.now(UTC) - left.last_written) < timedelta(minutes=1)
        (other,) = other_live_claims(bucket, target, catalog, now=NOW, mine=None)
        assert other.run == "scheduled"
        held.release()
    assert other_live_claims(bucket, target, catalog, now=NOW, mine=None) == ()
    assert read_catalog(bucket, target).leftovers == ()


def test_two_backups_that_start_in_the_same_second_get_two_ids(bucket: S3Bucket, target: Target) -> None:
    first, second = (
        claim(bucket, Layout(target.root), "app", run=run, clock=lambda: NOW, sleep=lambda _: None) for run in "ab"
    )
    assert second.backup_id.time - first.backup_id.time == timedelta(seconds=1)


def test_the_index_lies_beside_the_backups_and_is_not_taken_for_one(bucket: S3Bucket, target: Target) -> None:
    index = build_index(bucket, target, NOW)
    write_index(bucket, target, index)
    assert [found.key for found in bucket.list("")] == ["_indexes/app.json"]
    assert read_index(bucket, target) == index
    assert read_catalog(bucket, target).entries == ()
