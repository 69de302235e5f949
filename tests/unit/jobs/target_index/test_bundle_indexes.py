"""bundle_indexes: what the watch leaves for the page, and what it leaves alone."""

from __future__ import annotations

import logging

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.index_bundles import list_tags, read_bundle
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.target_indexes import write_index
from dbops.jobs.target_index.bundle_indexes import bundle_indexes
from dbops.jobs.target_index.index_folders import FEW
from tests.unit.page_samples import index
from tests.unit.samples import Clock, target


def folder(bucket: Bucket, prefix: str, number: int = FEW + 1) -> list[Target]:
    targets = [target(f"shop_{n}", storage={"bucket": "vault", "prefix": prefix}) for n in range(number)]
    for one in targets:
        write_index(bucket, one, index(target=one.name))
    return targets


def bundled(bucket: Bucket, targets: list[Target]) -> int:
    layout = Layout(targets[0].root)
    tags, bundle = list_tags(bucket, layout), read_bundle(bucket, layout)
    return sum(bundle.of(one.name, tags[one.name]) is not None for one in targets)


def test_each_folder_gets_its_own() -> None:
    bucket = InMemoryBucket("vault", Clock())
    team, web = folder(bucket, "team"), folder(bucket, "web")
    bundle_indexes([*team, *web], lambda _: bucket)
    assert (bundled(bucket, team), bundled(bucket, web)) == (FEW + 1, FEW + 1)


def test_for_a_few_targets_none_is_written() -> None:
    bucket = InMemoryBucket("vault", Clock())
    few = folder(bucket, "team", FEW)
    before = [stored.key for stored in bucket.list("")]
    bundle_indexes(few, lambda _: bucket)
    assert [stored.key for stored in bucket.list("")] == before


def test_one_that_cannot_be_written_is_told_in_the_log_and_keeps_no_other(caplog: pytest.LogCaptureFixture) -> None:
    bucket = InMemoryBucket("vault", Clock())
    team, web = folder(bucket, "team"), folder(bucket, "web")

    def open_bucket(one: Target) -> Bucket:
        if one.storage.prefix == "team":
            raise BucketError("The store refused: 403.", "Look at the policy.")
        return bucket

    with caplog.at_level(logging.WARNING):
        bundle_indexes([*team, *web], open_bucket)
    assert bundled(bucket, web) == FEW + 1
    assert "s3://vault/team/_indexes/_all.jsonl could not be written: The store refused: 403. Look at" in caplog.text
