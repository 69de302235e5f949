"""What S3Bucket asks a store to encrypt with, and what it makes of one that does not say that it has."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from pydantic import ValidationError

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError
from dbops.gateways.s3 import S3Bucket
from tests.canned_store import bucket_of, response

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
BEGUN = b"<InitiateMultipartUploadResult><UploadId>U1</UploadId></InitiateMultipartUploadResult>"
WANTED = "x-amz-server-side-encryption"


@dataclass
class SayingStore:
    """Answers with ``status``, says that each object is encrypted with ``says``, and keeps the requests."""

    says: str | None
    status: int = 200
    seen: list[AWSPreparedRequest] = field(default_factory=list)

    def answer(self, request: AWSPreparedRequest, **_event: Any) -> Any:
        self.seen.append(request)
        headers = {"ETag": '"etag"'} if self.says is None else {"ETag": '"etag"', WANTED: self.says}
        return response(request, self.status, BEGUN if "uploads" in request.url else b"", headers)

    def asked(self, number: int = -1) -> dict[str, str]:
        """The headers of a request that speak of encryption."""
        headers = {name.lower(): value for name, value in self.seen[number].headers.items()}
        return {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in headers.items()
            if name.startswith(WANTED)
        }


OPTIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"sse": "AES256"}, {WANTED: "AES256"}),
    ({"sse": "aws:kms"}, {WANTED: "aws:kms"}),
    (
        {"sse": "aws:kms", "kms_key_id": KEY, "bucket_key": True},
        {WANTED: "aws:kms", f"{WANTED}-aws-kms-key-id": KEY, f"{WANTED}-bucket-key-enabled": "true"},
    ),
]


@pytest.mark.parametrize(("options", "headers"), OPTIONS)
def test_every_new_object_asks_for_it(options: dict[str, Any], headers: dict[str, str]) -> None:
    store = SayingStore(options.get("sse"))
    bucket = bucket_of(store, **options)

    bucket.put("key", b"content")
    assert store.asked() == headers
    bucket.create("key", b"content")
    assert store.asked() == headers
    upload = bucket.begin_upload("key")
    assert store.asked() == headers
    upload.add_part(1, io.BytesIO(b"content"), 7)
    assert store.asked() == {}  # S3 refuses it there: the parts follow the beginning


@pytest.mark.parametrize("says", [None, "AES256"])
def test_a_store_that_does_not_say_that_it_encrypted_is_refused(says: str | None) -> None:
    bucket = bucket_of(SayingStore(says), sse="aws:kms")
    words = f"does not confirm that it encrypted it as storage.s3.sse asks, with aws:kms: it says {says or 'none'}"
    with pytest.raises(BucketError, match=words):
        bucket.put("key", b"content")
    with pytest.raises(BucketError, match=words):
        bucket.create("key", b"content")
    upload = bucket.begin_upload("key")
    with pytest.raises(BucketError, match=words):
        upload.add_part(1, io.BytesIO(b"content"), 7)


KMS_RIGHTS = "kms:GenerateDataKey and kms:Decrypt"


def refusals_of(bucket: S3Bucket) -> list[BucketError]:
    """What it says of every way to read and write an object."""
    refusals = []
    for work in (
        lambda: bucket.put("key", b"content"),
        lambda: bucket.create("key", b"content"),
        lambda: bucket.begin_upload("key"),
        lambda: bucket.get("key"),
        lambda: bucket.read("key", 0, 1),
    ):
        with pytest.raises(BucketError) as refused:
            work()
        refusals.append(refused.value)
    return refusals


def test_whoever_may_use_the_bucket_and_not_the_key_of_the_kms_is_told_which_rights_are_missing() -> None:
    for refusal in refusals_of(bucket_of(SayingStore(None, 403), sse="aws:kms")):
        assert "may not do that (AccessDenied" in refusal.what
        assert refusal.remedy.startswith("Grant s3:")
        assert KMS_RIGHTS in refusal.remedy


@pytest.mark.parametrize("sse", ["none", "AES256"])
def test_where_no_kms_was_asked_for_its_rights_are_not_spoken_of(sse: str) -> None:
    for refusal in refusals_of(bucket_of(SayingStore(None, 403), sse=sse)):
        assert "kms:" not in refusal.remedy


def test_what_needs_no_key_of_the_kms_is_not_explained_with_it() -> None:
    bucket = bucket_of(SayingStore(None, 403), sse="aws:kms")
    for work in (lambda: list(bucket.list("")), lambda: bucket.delete("key")):
        with pytest.raises(BucketError) as refused:
            work()
        assert "AccessDenied" in refused.value.what
        assert "kms:" not in refused.value.remedy


def test_a_bucket_that_encrypts_by_itself_is_no_fault_where_nobody_asked() -> None:
    bucket_of(SayingStore("aws:kms")).put("key", b"content")


@pytest.mark.parametrize(
    "options",
    [
        {"kms_key_id": KEY},
        {"bucket_key": True},
        {"sse": "AES256", "kms_key_id": KEY},
        {"sse": "AES256", "bucket_key": True},
    ],
)
def test_a_key_that_nothing_would_be_encrypted_with_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="only sse: aws:kms has keys to be chosen"):
        S3Options(**options)
