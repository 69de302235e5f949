"""What every Bucket promises: one suite, run against a real S3 server and against the shipped fake."""

from __future__ import annotations

import io
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError, ObjectExists, ObjectMissing
from dbops.gateways.s3 import S3Bucket, connect
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from demo.seaweed import SeaweedS3

MIB = 1024**2
PART = b"p" * 5 * MIB  # S3 takes no smaller one, except as the last


OPTIONS = {
    "s3": S3Options(addressing_style="path"),
    "s3 without checksums": S3Options(addressing_style="path", checksum="none"),
    "s3 without conditional writes": S3Options(addressing_style="path", conditional_writes=False),
}


@pytest.fixture(scope="module")
def shared_name(s3_server: SeaweedS3) -> str:
    """A bucket for all tests of this module: making one takes longer than most of them."""
    name = f"contract-{secrets.token_hex(6)}"
    s3_server.create_bucket(name)
    return name


@pytest.fixture(params=["memory", *OPTIONS])
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    if request.param == "memory":
        yield InMemoryBucket("in-memory", lambda: datetime.now(UTC))
        return
    options, server = OPTIONS[request.param], request.getfixturevalue("s3_server")
    client = connect(
        options=options,
        endpoint_url=server.endpoint_url,
        region=server.region,
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
    bucket = S3Bucket(client, request.getfixturevalue("shared_name"), options, page_size=3)
    yield bucket
    for upload in list(bucket.unfinished_uploads("")):
        bucket.abort_upload(upload)
    for stored in list(bucket.list("")):
        bucket.delete(stored.key)
    client.close()


def keys(bucket: Bucket, prefix: str = "") -> list[str]:
    return [found.key for found in bucket.list(prefix)]


def test_a_part_of_an_object_is_read_and_nothing_behind_its_end(bucket: Bucket) -> None:
    bucket.put("a/part", b"0123456789")

    assert bucket.read("a/part", 0, 4) == b"0123"
    assert bucket.read("a/part", 8, 4) == b"89"
    assert bucket.read("a/part", 10, 4) == b""
    assert bucket.read("a/part", 3, 0) == b""
    with pytest.raises(ObjectMissing):
        bucket.read("a/absent", 0, 4)


def test_an_object_is_read_back_as_it_was_written(bucket: Bucket) -> None:
    body = bytes(range(256)) * 40
    bucket.put("a/b.bin", body)
    assert bucket.get("a/b.bin") == body


def test_an_empty_object_is_an_object(bucket: Bucket) -> None:
    bucket.put("empty", b"")
    assert bucket.get("empty") == b""
    assert [found.bytes for found in bucket.list("empty")] == [0]


def test_a_file_is_written_from_its_beginning_wherever_it_stands(bucket: Bucket) -> None:
    file = io.BytesIO(b"0123456789" * 100_000)
    file.seek(7)
    bucket.put("file", file)
    assert bucket.get("file") == b"0123456789" * 100_000


def test_putting_again_overwrites(bucket: Bucket) -> None:
    bucket.put("key", b"old and longer")
    bucket.put("key", b"new")
    assert bucket.get("key") == b"new"


@pytest.mark.parametrize("key", ["spaces and + and %25", "üñí/çødé.json", "a=b&c?d#e", "deep/er/and/deep/er"])
def test_a_key_may_hold_any_characters(bucket: Bucket, key: str) -> None:
    bucket.put(key, b"here")
    assert bucket.get(key) == b"here"
    assert keys(bucket) == [key]
    bucket.delete(key)
    assert keys(bucket) == []


def test_reading_what_is_not_there_raises_object_missing_naming_it(bucket: Bucket) -> None:
    with pytest.raises(ObjectMissing, match="no/such/key"):
        bucket.get("no/such/key")


def test_creating_what_exists_raises_object_exists_and_changes_nothing(bucket: Bucket) -> None:
    bucket.create("claim", b"mine")
    with pytest.raises(ObjectExists, match="claim"):
        bucket.create("claim", b"theirs")
    assert bucket.get("claim") == b"mine"


def test_what_was_deleted_can_be_created_again(bucket: Bucket) -> None:
    bucket.create("claim", b"one")
    bucket.delete("claim")
    bucket.create("claim", b"two")
    assert bucket.get("claim") == b"two"


def test_deleting_what_is_not_there_is_no_error(bucket: Bucket) -> None:
    bucket.delete("never/was")


def test_a_listing_shows_everything_below_its_prefix_over_several_pages(bucket: Bucket) -> None:
    for number in range(8):
        bucket.put(f"in/{number}", b"x" * number)
    bucket.put("ink", b"")
    bucket.put("out/1", b"")
    found = list(bucket.list("in/"))
    assert [(each.key, each.bytes) for each in found] == [(f"in/{number}", number) for number in range(8)]
    assert keys(bucket, "in") == [f"in/{number}" for number in range(8)] + ["ink"]
    assert keys(bucket, "nothing/") == []


def test_a_listing_says_in_utc_when_each_object_was_written(bucket: Bucket) -> None:
    bucket.put("now", b"")
    (found,) = bucket.list("now")
    assert found.modified.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)


def test_a_listing_gives_an_object_another_tag_when_its_content_is_another(bucket: Bucket) -> None:
    def tags() -> list[str]:
        return [each.tag for each in bucket.list("in/")]

    bucket.put("in/a", b"as it was")
    bucket.put("in/b", b"as it was")
    before = tags()
    assert all(before)
    assert tags() == before
    bucket.put("in/a", b"as it is!")
    assert tags()[0] not in before
    assert tags()[1] == before[1]


def test_folders_are_those_directly_below_over_several_pages(bucket: Bucket) -> None:
    for name in ["e", "a", "d", "b", "c"]:
        bucket.put(f"root/{name}/deeper/object", b"")
        bucket.put(f"root/{name}/object", b"")
    bucket.put("root/object", b"")
    bucket.put("elsewhere/x/object", b"")
    assert list(bucket.folders("root/")) == ["a", "b", "c", "d", "e"]
    assert list(bucket.folders("nothing/")) == []


def test_an_upload_becomes_one_object_of_its_parts_in_order(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    upload.add_part(3, io.BytesIO(b"the end"), 7)
    upload.add_part(1, io.BytesIO(b"1" * 5 * MIB), 5 * MIB)
    upload.add_part(2, io.BytesIO(b"2" * 5 * MIB), 5 * MIB)
    assert keys(bucket) == []
    upload.complete()
    assert bucket.get("big") == b"1" * 5 * MIB + b"2" * 5 * MIB + b"the end"
    assert list(bucket.unfinished_uploads("")) == []


def test_parts_may_be_added_from_several_threads_at_once(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    bodies = [bytes([number]) * 5 * MIB for number in range(1, 6)]
    with ThreadPoolExecutor(4) as senders:
        list(senders.map(lambda n: upload.add_part(n, io.BytesIO(bodies[n - 1]), 5 * MIB), range(1, 6)))
    upload.complete()
    assert bucket.get("big") == b"".join(bodies)


def test_a_part_added_again_replaces_the_earlier_one(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BytesIO(b"first"), 5)
    upload.add_part(1, io.BytesIO(b"second"), 6)
    upload.complete()
    assert bucket.get("big") == b"second"


def test_a_part_of_another_length_than_announced_is_refused(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    with pytest.raises(BucketError, match="announced with 7 bytes and has 5"):
        upload.add_part(1, io.BytesIO(b"short"), 7)
    upload.abort()


def test_an_upload_without_parts_cannot_be_completed(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    with pytest.raises(BucketError, match="no parts"):
        upload.complete()
    upload.abort()


def test_an_aborted_upload_leaves_nothing_and_takes_nothing_more(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BytesIO(PART), len(PART))
    upload.abort()
    upload.abort()
    assert list(bucket.unfinished_uploads("")) == []
    assert keys(bucket) == []
    with pytest.raises(BucketError, match="is over"):
        upload.add_part(2, io.BytesIO(b"late"), 4)
    with pytest.raises(BucketError, match="is over"):
        upload.complete()


def test_aborting_a_completed_upload_leaves_its_object(bucket: Bucket) -> None:
    upload = bucket.begin_upload("big")
    upload.add_part(1, io.BytesIO(b"whole"), 5)
    upload.complete()
    upload.abort()
    assert bucket.get("big") == b"whole"


def test_aborting_while_a_part_is_being_sent_leaves_nothing(bucket: Bucket) -> None:
    sending, go_on = threading.Event(), threading.Event()

    class SlowFile(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            sending.set()
            assert go_on.wait(30)
            return super().read(size)

    upload = bucket.begin_upload("big")
    with ThreadPoolExecutor(2) as threads:
        part = threads.submit(upload.add_part, 1, SlowFile(PART), len(PART))
        assert sending.wait(30)
        abort = threads.submit(upload.abort)
        go_on.set()
        abort.result(60)
        assert isinstance(part.exception(60), BucketError)
    assert list(bucket.unfinished_uploads("")) == []
    assert keys(bucket) == []


def test_unfinished_uploads_are_listed_over_several_pages_and_can_be_aborted(bucket: Bucket) -> None:
    for number in range(5):
        bucket.begin_upload(f"in/{number}")
    bucket.begin_upload("in/1")
    bucket.begin_upload("out/1")
    found = list(bucket.unfinished_uploads("in/"))
    assert sorted(each.key for each in found) == ["in/0", "in/1", "in/1", "in/2", "in/3", "in/4"]
    assert all(abs(datetime.now(UTC) - each.begun) < timedelta(minutes=1) for each in found)
    for each in found:
        bucket.abort_upload(each)
        bucket.abort_upload(each)
    assert [each.key for each in bucket.unfinished_uploads("")] == ["out/1"]


def test_it_knows_its_name(bucket: Bucket) -> None:
    assert bucket.name
