"""What S3Bucket does when the store or the network in between fails: it recovers, or says why it cannot."""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError, ObjectExists
from dbops.gateways.s3 import S3Bucket, connect
from demo.seaweed import SeaweedS3
from tests.faults.hostile_s3 import HostileS3, Mischief, SeenRequest

MIB = 1024**2
OPTIONS = S3Options(
    addressing_style="path",
    attempts=4,
    connect_timeout=timedelta(seconds=10),
    read_timeout=timedelta(seconds=60),  # a machine with much to do loses no attempt
)
Open = Callable[..., S3Bucket]


@pytest.fixture
def open_bucket(s3_server: SeaweedS3, bucket_name: str) -> Iterator[Open]:
    """Opens the bucket at an endpoint, with options and keys of the test's choice."""
    clients = []

    def open_at(endpoint: str, options: S3Options = OPTIONS, name: str = bucket_name, **keys: str | None) -> S3Bucket:
        keys = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key, **keys}
        clients.append(connect(options=options, endpoint_url=endpoint, region=s3_server.region, **keys))
        return S3Bucket(clients[-1], name, options)

    yield open_at
    for client in clients:
        client.close()


@pytest.fixture
def bucket(proxy: HostileS3, open_bucket: Open) -> S3Bucket:
    """The bucket through the proxy."""
    return open_bucket(proxy.endpoint_url)


@pytest.fixture
def truth(s3_server: SeaweedS3, open_bucket: Open) -> S3Bucket:
    """The same bucket without the proxy."""
    return open_bucket(s3_server.endpoint_url)


def is_part(request: SeenRequest) -> bool:
    return request.is_part


def is_completion(request: SeenRequest) -> bool:
    return request.is_completion


def test_an_upload_through_a_store_that_is_overloaded_for_a_while_arrives_whole(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    body = os.urandom(12 * MIB)
    proxy.misbehave(Mischief.SLOW_DOWN, times=1)
    proxy.misbehave(Mischief.SLOW_DOWN, times=3, when=is_part)
    proxy.misbehave(Mischief.SLOW_DOWN, times=2, when=is_completion)
    upload = bucket.begin_upload("big")
    with ThreadPoolExecutor(3) as senders:
        list(
            senders.map(
                lambda n: upload.add_part(n + 1, io.BytesIO(body[n * 5 * MIB :][: 5 * MIB]), min(5, 12 - n * 5) * MIB),
                range(3),
            )
        )
    upload.complete()
    assert truth.get("big") == body
    assert proxy.spoiled == [Mischief.SLOW_DOWN] * 6
    assert [record.levelno for record in caplog.records if "SlowDown" in record.message] == [logging.WARNING] * 6


@pytest.mark.parametrize("mischief", [Mischief.CUT_BODY, Mischief.FLIP_BIT, Mischief.LOSE_ANSWER])
def test_a_part_that_is_cut_or_damaged_on_its_way_is_sent_again_from_its_beginning(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket, mischief: Mischief
) -> None:
    body = os.urandom(6 * MIB)
    proxy.misbehave(mischief, times=2, when=is_part)
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BufferedReader(io.BytesIO(body)), len(body))
    upload.complete()
    assert truth.get("big") == body
    assert proxy.spoiled == [mischief] * 2


@pytest.mark.parametrize("mischief", [Mischief.CUT_BODY, Mischief.FLIP_BIT, Mischief.LOSE_ANSWER])
def test_a_file_that_is_cut_or_damaged_on_its_way_is_sent_again_from_its_beginning(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket, mischief: Mischief
) -> None:
    body = os.urandom(MIB)
    proxy.misbehave(mischief, times=2)
    bucket.put("file", io.BytesIO(body))
    assert truth.get("file") == body
    assert proxy.spoiled == [mischief] * 2


@pytest.mark.parametrize("checksum", ["CRC32", "SHA256", "none"])
def test_a_body_that_is_damaged_every_time_is_never_stored(
    proxy: HostileS3, open_bucket: Open, truth: S3Bucket, checksum: str
) -> None:
    bucket = open_bucket(proxy.endpoint_url, OPTIONS.model_copy(update={"checksum": checksum, "attempts": 2}))
    proxy.misbehave(Mischief.FLIP_BIT, when=lambda request: request.method == "PUT")
    with pytest.raises(BucketError, match="not those that were sent"):
        bucket.put("file", io.BytesIO(b"x" * MIB))
    upload = bucket.begin_upload("big")
    with pytest.raises(BucketError, match="not those that were sent"):
        upload.add_part(1, io.BytesIO(b"x" * MIB), MIB)
    upload.abort()
    assert list(truth.list("")) == []
    assert list(truth.unfinished_uploads("")) == []


def test_an_object_that_is_damaged_on_its_way_back_is_read_again(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    truth.put("manifest", b"the truth")
    proxy.misbehave(Mischief.DAMAGE_ANSWER, times=2)
    assert bucket.get("manifest") == b"the truth"
    assert len(proxy.spoiled) == 2


def test_a_created_object_whose_answer_was_lost_counts_as_created(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    proxy.misbehave(Mischief.LOSE_ANSWER, times=1)
    bucket.create("claim", b"mine")
    assert truth.get("claim") == b"mine"


def test_what_somebody_else_created_while_the_store_was_away_is_not_taken_for_ours(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    truth.put("claim", b"theirs")
    proxy.misbehave(Mischief.SLOW_DOWN, times=1)
    with pytest.raises(ObjectExists):
        bucket.create("claim", b"mine")
    assert truth.get("claim") == b"theirs"


def test_a_completion_whose_answer_was_lost_counts_as_completed(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BytesIO(b"whole"), 5)
    proxy.misbehave(Mischief.LOSE_ANSWER, times=1, when=is_completion)
    upload.complete()
    assert truth.get("big") == b"whole"


def test_a_store_that_stays_overloaded_fails_the_upload_in_a_sentence_and_leaves_nothing(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    proxy.misbehave(Mischief.SLOW_DOWN, when=is_part)
    upload = bucket.begin_upload("big")
    with pytest.raises(
        BucketError, match=r"upload a part of s3://.*/big after 4 attempts: it is overloaded .*503"
    ) as it:
        upload.add_part(1, io.BytesIO(b"x" * MIB), MIB)
    assert "storage.parallelism" in it.value.remedy
    upload.abort()
    assert list(truth.unfinished_uploads("")) == []
    assert list(truth.list("")) == []


def test_a_store_that_is_gone_for_good_fails_everything_in_a_sentence(proxy: HostileS3, open_bucket: Open) -> None:
    bucket = open_bucket(proxy.endpoint_url, OPTIONS.model_copy(update={"attempts": 2}))
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BytesIO(b"x" * MIB), MIB)
    proxy.go_away()
    for fail in (
        lambda: upload.add_part(2, io.BytesIO(b"x" * MIB), MIB),
        upload.abort,
        lambda: list(bucket.list("in/")),
    ):
        with pytest.raises(BucketError, match=r"after 2 attempts: http://127.0.0.1:\d+ cannot be reached") as it:
            fail()
        assert "that the store runs" in it.value.remedy


def test_a_store_that_never_answers_fails_in_a_sentence(proxy: HostileS3, open_bucket: Open) -> None:
    options = OPTIONS.model_copy(update={"attempts": 2, "read_timeout": timedelta(seconds=0.5)})
    bucket = open_bucket(proxy.endpoint_url, options)
    proxy.misbehave(Mischief.HOLD)
    with pytest.raises(BucketError, match=r"after 2 attempts: .* gave no answer in time") as it:
        bucket.get("key")
    assert "storage.s3.read_timeout" in it.value.remedy


def test_aborting_while_the_store_is_taking_a_part_leaves_no_upload(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    upload = bucket.begin_upload("big")
    proxy.misbehave(Mischief.HOLD, times=1, when=is_part)
    with ThreadPoolExecutor(2) as threads:
        part = threads.submit(upload.add_part, 1, io.BytesIO(b"x" * 5 * MIB), 5 * MIB)
        assert proxy.holding.wait(60)
        abort = threads.submit(upload.abort)
        proxy.release()
        abort.result(60)
        part.exception(60)
    assert list(truth.unfinished_uploads("")) == []
    assert list(truth.list("")) == []


def test_aborting_wakes_a_part_that_waits_for_its_next_attempt(proxy: HostileS3, open_bucket: Open) -> None:
    bucket = open_bucket(proxy.endpoint_url, OPTIONS.model_copy(update={"attempts": 50}))
    upload = bucket.begin_upload("big")
    refused = threading.Event()

    def refuse(request: SeenRequest) -> bool:
        if request.is_part:
            refused.set()
        return request.is_part

    proxy.misbehave(Mischief.SLOW_DOWN, when=refuse)
    with ThreadPoolExecutor(1) as threads:
        part = threads.submit(upload.add_part, 1, io.BytesIO(b"x"), 1)
        assert refused.wait(60)
        upload.abort()
        with pytest.raises(BucketError, match="is over"):
            part.result(60)


def test_an_upload_that_somebody_else_aborted_fails_at_once(
    proxy: HostileS3, bucket: S3Bucket, truth: S3Bucket
) -> None:
    upload = bucket.begin_upload("big")
    for unfinished in truth.unfinished_uploads(""):
        truth.abort_upload(unfinished)
    with pytest.raises(BucketError, match="the upload no longer exists"):
        upload.add_part(1, io.BytesIO(b"x"), 1)
    assert len([request for request in proxy.seen if request.is_part]) == 1


def test_what_reading_the_body_raises_is_raised_and_not_taken_for_a_fault_of_the_store(
    proxy: HostileS3, bucket: S3Bucket
) -> None:
    class BrokenDisk(io.BytesIO):
        """Can be read once, for its checksum."""

        was_read = False

        def read(self, size: int | None = -1) -> bytes:
            if self.was_read:
                raise OSError(errno.EIO, "Input/output error")
            block = super().read(size)
            self.was_read = not block
            return block

    with pytest.raises(OSError, match="Input/output error"):
        bucket.put("file", BrokenDisk(b"x" * MIB))
    assert len(proxy.seen) <= 1
    assert list(bucket.list("")) == []
