"""What a real store that can encrypt makes of being asked to, and what one says that cannot."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from dbops.errors import BucketError
from dbops.gateways.s3 import S3Bucket
from demo.seaweed import SeaweedS3
from tests.backups import opened, target
from tests.servers import running_s3

MIB = 1024**2


@pytest.fixture(scope="module")
def encrypting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedS3]:
    """A store that has what it needs to encrypt with a key of its own."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:  # other servers of this session must not have it
            environment.setenv("WEED_S3_SSE_KEK", secrets.token_hex(32))
            server = stack.enter_context(running_s3(tmp_path_factory.mktemp("sse")))
        server.create_bucket("encrypting")
        yield server


def opened_with(sse: str, server: SeaweedS3, name: str) -> AbstractContextManager[S3Bucket]:
    return opened(target(name, storage={"s3": {"addressing_style": "path", "attempts": 1, "sse": sse}}), server)


def test_what_is_stored_is_encrypted_there_and_read_back_as_it_was(encrypting_server: SeaweedS3) -> None:
    with opened_with("AES256", encrypting_server, "encrypting") as bucket:
        bucket.put("put", b"content")
        bucket.create("created", b"content")
        upload = bucket.begin_upload("uploaded")
        upload.add_part(1, io.BytesIO(b"1" * 5 * MIB), 5 * MIB)
        upload.add_part(2, io.BytesIO(b"the end"), 7)
        upload.complete()

        client = encrypting_server.client()
        for key, body in (("put", b"content"), ("created", b"content"), ("uploaded", b"1" * 5 * MIB + b"the end")):
            assert client.head_object(Bucket="encrypting", Key=key)["ServerSideEncryption"] == "AES256"
            assert bucket.get(key) == body
        assert bucket.read("uploaded", 5 * MIB - 3, 6) == b"111the"
        client.close()


@pytest.mark.parametrize("sse", ["AES256", "aws:kms"])
def test_a_store_that_cannot_is_told_apart_from_one_that_is_broken(
    s3_server: SeaweedS3, bucket_name: str, sse: str
) -> None:
    with opened_with(sse, s3_server, bucket_name) as bucket:
        for write in (bucket.put, bucket.create):
            with pytest.raises(BucketError) as refused:
                write("key", b"content")
            assert f"unable to encrypt with {sse}, as storage.s3.sse asks" in refused.value.remedy
        assert list(bucket.list("")) == []
