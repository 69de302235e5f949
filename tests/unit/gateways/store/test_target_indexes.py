"""The index in a bucket: built of what lies there, and no index where another lies in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.target_index.target_index import IndexedChecks
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.probe_runs import put_probe_run
from dbops.gateways.store.target_indexes import build_index, read_index, update_index, write_index
from dbops.gateways.store.verifications import put_verification
from tests.unit.probe_samples import probe_run
from tests.unit.samples import DAY, NOW, Clock, check_run, manifest, store_backup, target, verification

SHOP = target()
LAYOUT = Layout(SHOP.root)
HOUR = timedelta(hours=1)


@pytest.fixture
def bucket() -> InMemoryBucket:
    return InMemoryBucket("vault", Clock())


def test_it_is_built_of_everything_that_the_bucket_has(bucket: InMemoryBucket) -> None:
    for day in (1, 2, 3):
        store_backup(bucket, LAYOUT, manifest(NOW - day * DAY))
    put_verification(bucket, SHOP, verification(BackupId.at(NOW - 2 * DAY)))
    put_check_run(bucket, SHOP, check_run(started=NOW - DAY))
    put_probe_run(bucket, SHOP, probe_run(started=NOW - 2 * DAY))

    index = build_index(bucket, SHOP, NOW)

    assert [backup.started for backup in index.backups] == [NOW - day * DAY for day in (3, 2, 1)]
    assert [backup.verified for backup in index.backups] == [None, True, None]
    assert index.last_proof is not None
    assert index.checks is not None
    assert index.probes is not None
    assert (index.checks.check_id.time, index.probes.probe_id.time) == (NOW - DAY, NOW - 2 * DAY)
    assert (index.written, index.unreadable) == (NOW, ())


def test_it_is_read_as_it_was_written(bucket: InMemoryBucket) -> None:
    store_backup(bucket, LAYOUT, manifest(NOW - DAY))
    index = build_index(bucket, SHOP, NOW)
    write_index(bucket, SHOP, index)

    assert read_index(bucket, SHOP) == index


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"not json",
        b"[]",
        b'{"format": 1, "target": "shop", "backups": [], "unreadable": []}',
        b'{"format": 2, "target": "blog", "written": "2026-11-22T12:00:00Z"}',
    ],
    ids=["there is none", "empty", "no JSON", "another JSON", "of the format before", "of another target"],
)
def test_what_is_no_index_of_the_target_is_none(bucket: InMemoryBucket, body: bytes | None) -> None:
    if body is not None:
        bucket.put(LAYOUT.index, body)

    assert read_index(bucket, SHOP) is None


def test_where_the_newest_runs_cannot_be_read_the_ones_before_stand_and_it_says_so(bucket: InMemoryBucket) -> None:
    put_probe_run(bucket, SHOP, probe_run(started=NOW - 8 * DAY))
    bucket.put(LAYOUT.probe(BackupId.at(NOW - DAY)), b"{")
    put_check_run(bucket, SHOP, check_run(started=NOW - DAY, of="blog"))

    index = build_index(bucket, SHOP, NOW)

    assert index.probes is not None
    assert index.probes.probe_id.time == NOW - 8 * DAY
    assert index.checks is None
    assert index.unreadable == (
        "s3://vault/team/shop/checks/20261121T120000Z.json is not a run of the checks that this version can read.",
        "s3://vault/team/shop/probes/20261121T120000Z.json is not a run of the probes that this version can read.",
    )


def test_of_two_that_were_built_at_once_the_last_writer_wins(bucket: InMemoryBucket) -> None:
    first = build_index(bucket, SHOP, NOW)
    store_backup(bucket, LAYOUT, manifest(NOW - DAY))
    second = build_index(bucket, SHOP, NOW)
    update_index(bucket, SHOP, first)
    update_index(bucket, SHOP, second)

    assert read_index(bucket, SHOP) == second


def test_what_a_wrong_clock_has_written_is_not_believed(bucket: InMemoryBucket) -> None:
    run = IndexedChecks.of(check_run(started=NOW + 2 * HOUR))
    update_index(bucket, SHOP, replace(build_index(bucket, SHOP, NOW + 2 * HOUR), checks=run))
    index = build_index(bucket, SHOP, NOW)
    update_index(bucket, SHOP, index)

    assert read_index(bucket, SHOP) == index


def test_a_run_that_ended_long_before_and_is_no_more_in_the_bucket_is_forgotten(bucket: InMemoryBucket) -> None:
    put_check_run(bucket, SHOP, check_run(started=NOW - 2 * HOUR))
    put_probe_run(bucket, SHOP, probe_run(started=NOW - 2 * HOUR))
    update_index(bucket, SHOP, build_index(bucket, SHOP, NOW - HOUR))
    for key in (LAYOUT.check(BackupId.at(NOW - 2 * HOUR)), LAYOUT.probe(BackupId.at(NOW - 2 * HOUR))):
        bucket.delete(key)
    index = build_index(bucket, SHOP, NOW)
    update_index(bucket, SHOP, index)

    assert (index.checks, index.probes) == (None, None)
    assert read_index(bucket, SHOP) == index
