"""Runs in a bucket: the last ones are read, whatever else lies there, and old pages go without taking them along."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import BinaryIO

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.checks.run import CheckRun
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import newest_check, put_check_run, put_docs, read_check_runs
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.probe_runs import newest_probe, put_page, put_probe_run, read_probe_runs
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.samples import DAY, NOW, Clock, target

SHOP = target("shop", probes={"keep_reports": 2})
LAYOUT = Layout(SHOP.root)
WEEK = 7 * DAY
PATIENCE = 10.0  # seconds, which only a failure takes


@pytest.fixture
def bucket() -> Bucket:
    return InMemoryBucket("vault", Clock())


def page(bucket: Bucket, probe_id: str) -> str:
    return put_page(
        bucket,
        SHOP,
        probe_id,
        b"<html>",
        pictures={"trend": b"png"},
        migrations={"20261122000000_index/migration.sql": b"CREATE INDEX"},
    )


def keys(bucket: Bucket, folder: str) -> list[str]:
    return [stored.key.removeprefix(folder) for stored in bucket.list(folder)]


def test_the_last_runs_are_read_oldest_first_and_equal_to_what_was_put(bucket: Bucket) -> None:
    runs = [probe_run(probe_result(), started=NOW - weeks * WEEK) for weeks in (3, 2, 1)]
    for run in reversed(runs):
        put_probe_run(bucket, SHOP, run)
    assert read_probe_runs(bucket, SHOP, 2) == runs[1:]
    assert read_probe_runs(bucket, SHOP, 9) == runs
    assert newest_probe(bucket, SHOP) == (runs[-1], "")


def test_no_run_is_no_history(bucket: Bucket) -> None:
    assert read_probe_runs(bucket, SHOP, 9) == []
    assert newest_probe(bucket, SHOP) == (None, "")


def test_what_cannot_be_read_and_what_is_of_another_target_is_left_out(bucket: Bucket) -> None:
    good = probe_run(probe_result(), started=NOW - 3 * WEEK)
    put_probe_run(bucket, SHOP, good)
    put_probe_run(bucket, SHOP, replace(good, started=NOW - 2 * WEEK, target="blog"))
    bucket.put(LAYOUT.probe("20261120T060000Z"), b"{}")
    bucket.put(f"{LAYOUT.probes}notes.json", b"by hand")
    assert read_probe_runs(bucket, SHOP, 1) == [good]
    assert newest_probe(bucket, SHOP) == (good, LAYOUT.probe("20261120T060000Z"))


def test_a_page_lies_in_a_folder_of_its_run_with_its_pictures_and_migrations(bucket: Bucket) -> None:
    assert page(bucket, "20261122T060000Z") == f"s3://vault/{LAYOUT.probes}20261122T060000Z/index.html"
    assert keys(bucket, LAYOUT.probe_page("20261122T060000Z")) == [
        "index.html",
        "migrations/20261122000000_index/migration.sql",
        "trend.png",
    ]


def test_the_oldest_pages_go_and_what_the_runs_measured_stays(bucket: Bucket) -> None:
    for weeks in (4, 3, 2, 1):
        run = probe_run(probe_result(), started=NOW - weeks * WEEK)
        put_probe_run(bucket, SHOP, run)
        page(bucket, run.probe_id)
    bucket.put(f"{LAYOUT.probes}by-hand/notes.txt", b"somebody's")
    page(bucket, "20261122T120000Z")
    assert list(bucket.folders(LAYOUT.probes)) == ["20261115T120000Z", "20261122T120000Z", "by-hand"]
    assert len(read_probe_runs(bucket, SHOP, 9)) == 4


class Deletions(InMemoryBucket):
    """A bucket that remembers what was deleted, in that order."""

    deleted: tuple[str, ...] = ()

    def delete(self, key: str) -> None:
        self.deleted += (key,)
        super().delete(key)


def test_of_a_page_that_goes_nothing_goes_before_itself() -> None:
    bucket = Deletions("vault", Clock())
    for probe_id in ("20261120T060000Z", "20261121T060000Z", "20261122T060000Z"):
        bucket.put(f"{LAYOUT.probe_page(probe_id)}distribution.png", b"png")
        page(bucket, probe_id)
    first, *rest = [key.removeprefix(LAYOUT.probe_page("20261120T060000Z")) for key in bucket.deleted]
    assert first == "index.html"
    assert sorted(rest) == ["distribution.png", "migrations/20261122000000_index/migration.sql", "trend.png"]


def test_a_page_is_not_taken_for_a_run(bucket: Bucket) -> None:
    page(bucket, "20261122T060000Z")
    bucket.put(f"{LAYOUT.probe_page('20261122T060000Z')}20261122T070000Z.json", b"{}")
    assert newest_probe(bucket, SHOP) == (None, "")


def test_checks_are_kept_in_the_same_way_in_a_folder_of_their_own(bucket: Bucket) -> None:
    started = NOW - timedelta(hours=8)
    run = CheckRun(
        target="shop", run="test", started=started, finished=NOW, full=False, results=(), rows={}, statements=0
    )
    put_check_run(bucket, SHOP, run)
    assert (read_check_runs(bucket, SHOP, 3), newest_check(bucket, SHOP)) == ([run], (run, ""))
    assert newest_probe(bucket, SHOP) == (None, "")


class Company(InMemoryBucket):
    """Puts and deletes nothing before as many as ``threads`` are at it."""

    def __init__(self, threads: int) -> None:
        super().__init__("vault", Clock())
        self._all_there = Barrier(threads)
        self.sent: list[str] = []

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        if not key.endswith("index.html"):
            self._all_there.wait(PATIENCE)
        super().put(key, body)
        self.sent.append(key)

    def delete(self, key: str) -> None:
        if not key.endswith("index.html"):
            self._all_there.wait(PATIENCE)
        super().delete(key)


def test_the_docs_of_many_tables_are_sent_and_deleted_several_at_a_time_the_index_last(tmp_path: Path) -> None:
    shop = target("shop", checks={"keep_docs": 1}, storage={"bucket": "vault", "parallelism": 3})
    bucket = Company(3)
    for name in ("index.html", *(f"page_{number}.html" for number in range(6))):
        (tmp_path / name).write_text(name)
    put_docs(bucket, shop, "20261121T060000Z", tmp_path)
    assert bucket.sent[-1].endswith("/index.html")

    for page_ in ("page_6.html", "page_7.html", "page_8.html"):
        (tmp_path / page_).write_text(page_)
    put_docs(bucket, shop, "20261122T060000Z", tmp_path)

    docs = Layout(shop.root).docs
    assert list(bucket.folders(docs)) == ["20261122T060000Z"]
    assert len(keys(bucket, docs)) == 10


class Refusing(InMemoryBucket):
    """Takes no page of one table."""

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        if key.endswith("page_3.html"):
            raise BucketError("The store refused it.")
        super().put(key, body)


def test_docs_of_which_one_page_was_refused_have_no_index_and_hide_no_older_ones(tmp_path: Path) -> None:
    bucket = Refusing("vault", Clock())
    bucket.put(f"{LAYOUT.docs}20261121T060000Z/index.html", b"older")
    for name in ("index.html", *(f"page_{number}.html" for number in range(6))):
        (tmp_path / name).write_text(name)
    with pytest.raises(BucketError, match="refused"):
        put_docs(bucket, target("shop", checks={"keep_docs": 1}), "20261122T060000Z", tmp_path)
    assert f"{LAYOUT.docs}20261121T060000Z/index.html" in keys(bucket, "")
    assert f"{LAYOUT.docs}20261122T060000Z/index.html" not in keys(bucket, "")
