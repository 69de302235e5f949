"""expire on a real S3 server."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.storage import S3Options
from dbops.errors import ExpireFailed
from dbops.gateways.s3 import S3Bucket, connect
from dbops.jobs.backups.expire import expire
from demo.seaweed import SeaweedS3
from tests.unit.samples import claim, manifest, store_backup, target, verification

OPTIONS = S3Options(addressing_style="path")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SHOP = target(retention={"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1})
LAYOUT = Layout(SHOP.root)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def keys(bucket: S3Bucket, prefix: str = "") -> list[str]:
    return [stored.key for stored in bucket.list(prefix)]


def back_up(bucket: S3Bucket, now: datetime, count: int) -> list[BackupId]:
    for day in range(count):
        store_backup(bucket, LAYOUT, manifest(now - day * DAY))
    return [BackupId.at(now - day * DAY) for day in range(count)]


def test_a_real_store_keeps_exactly_what_the_plan_keeps(bucket: S3Bucket, now: datetime) -> None:
    backups = back_up(bucket, now, 5)
    report = expire(SHOP, bucket, clock=lambda: now, run="by hand")
    assert list(report.kept) == backups[:2]
    stayed = keys(bucket, LAYOUT.backups)
    assert {key.split("/")[3] for key in stayed} == set(backups[:2])
    assert len(stayed) == 8
    assert list(expire(SHOP, bucket, clock=lambda: now).kept) == backups[:2]
    assert len(keys(bucket, f"{SHOP.root}audit/")) == 1


def condemn(bucket: S3Bucket, backup_id: BackupId) -> datetime:
    """Write that it failed long ago; the answer is when the store says that this was written."""
    key = LAYOUT.verification(backup_id)
    long_ago = backup_id.time - 300 * DAY
    bucket.put(key, replace(verification(backup_id, ok=False), started=long_ago, finished=long_ago).to_json())
    return next(bucket.list(key)).modified


def test_whoever_overwrites_every_verdict_deletes_nothing_until_the_days_to_look_are_over(
    bucket: S3Bucket, now: datetime
) -> None:
    newest, *others = back_up(bucket, now, 5)
    for backup_id in others:
        bucket.put(LAYOUT.verification(backup_id), verification(backup_id).to_json())
    assert list(expire(SHOP, bucket, clock=lambda: now, dry_run=True).expired) == others[1:]

    written = [condemn(bucket, backup_id) for backup_id in others]
    report = expire(SHOP, bucket, clock=lambda: now)
    assert report.expired == {}
    assert all("for somebody to look" in report.kept[backup_id][0] for backup_id in others)
    assert expire(SHOP, bucket, clock=lambda: min(written) + 7 * DAY - SECOND).expired == {}
    assert list(expire(SHOP, bucket, clock=lambda: max(written) + 7 * DAY).kept) == [newest]


def test_a_verdict_that_is_written_anew_begins_its_days_anew_by_the_stores_clock(
    bucket: S3Bucket, now: datetime
) -> None:
    _, other, bad = back_up(bucket, now, 3)
    first = condemn(bucket, bad)
    while (second := condemn(bucket, bad)) == first:  # it tells whole seconds
        time.sleep(0.1)
    kept = expire(SHOP, bucket, clock=lambda: second + 7 * DAY - SECOND).kept
    assert f"it stays until {second + 7 * DAY:%Y-%m-%d %H:%M} UTC" in kept[bad][0]
    assert list(expire(SHOP, bucket, clock=lambda: second + 7 * DAY).expired) == [bad]
    assert keys(bucket, LAYOUT.folder(bad)) == []
    assert len(keys(bucket, LAYOUT.folder(other))) == 4


def test_a_real_store_is_cleaned_of_leftovers_and_unfinished_uploads_a_day_later(
    bucket: S3Bucket, now: datetime
) -> None:
    back_up(bucket, now, 1)
    dead = BackupId.at(now - 3600 * timedelta(seconds=1))
    bucket.put(LAYOUT.started(dead), claim(dead).to_json())
    upload = bucket.begin_upload(LAYOUT.folder(dead) + "3001.dat.zst")
    upload.add_part(1, io.BytesIO(b"x" * 100), 100)

    today = expire(SHOP, bucket, clock=lambda: now + timedelta(hours=23))
    assert (today.swept, today.aborted_uploads) == ({}, ())
    tomorrow = expire(SHOP, bucket, clock=lambda: now + timedelta(hours=25))
    assert list(tomorrow.swept) == [dead]
    assert tomorrow.aborted_uploads == (LAYOUT.folder(dead) + "3001.dat.zst",)
    assert keys(bucket, LAYOUT.folder(dead)) == []
    assert list(bucket.unfinished_uploads("")) == []


def test_credentials_that_may_only_read_fail_the_job_and_every_backup_stays(
    bucket: S3Bucket, s3_server: SeaweedS3, bucket_name: str, now: datetime
) -> None:
    assert s3_server.reader
    back_up(bucket, now, 4)
    before = keys(bucket)
    client = connect(
        options=OPTIONS,
        endpoint_url=s3_server.endpoint_url,
        region=s3_server.region,
        access_key=s3_server.reader.access_key,
        secret_key=s3_server.reader.secret_key,
    )
    with pytest.raises(ExpireFailed, match="refused 2 objects"):
        expire(SHOP, S3Bucket(client, bucket_name, OPTIONS), clock=lambda: now)
    client.close()
    assert keys(bucket) == before
