"""What S3Bucket asks of a store over TLS, and what it makes of answers that SeaweedFS does not give."""

from __future__ import annotations

import base64
import importlib.util
import io
import zlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectTimeoutError, MetadataRetrievalError, NoCredentialsError, SSLError

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError, InvalidConnection, InvalidRequest, ObjectExists, ObjectRefused
from dbops.gateways.s3 import connect
from dbops.gateways.s3.attempts import Attempts
from dbops.gateways.s3.bucket import READ
from dbops.gateways.s3.refusals import bare_endpoint
from tests.canned_store import bucket_of, response

CRC = base64.b64encode(zlib.crc32(b"content").to_bytes(4, "big")).decode()


@dataclass
class CannedStore:
    """Answers every request with the next of its answers (the last one for ever), and keeps the requests."""

    answers: list[Any] = field(default_factory=lambda: [(200, b"")])
    seen: list[AWSPreparedRequest] = field(default_factory=list)

    def answer(self, request: AWSPreparedRequest, **_event: Any) -> Any:
        self.seen.append(request)
        answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        return response(request, status, body, *headers)


@pytest.fixture
def store() -> CannedStore:
    return CannedStore()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbops.gateways.s3.attempts._pause_after", lambda _attempt: 0.0)


def text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header


def refused(code: str, message: str = "Something.") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId></Error>".encode()


@pytest.mark.parametrize("endpoint", ["https://s3.example.com", "http://127.0.0.1:9000"])
@pytest.mark.parametrize("body", [b"content", io.BytesIO(b"content")])
def test_a_body_goes_whole_with_its_checksum_as_a_header_and_is_not_hashed_again_for_the_signature(
    store: CannedStore, endpoint: str, body: bytes | io.BytesIO
) -> None:
    bucket_of(store, endpoint).put("key", body)
    headers = store.seen[0].headers
    assert text(headers["x-amz-checksum-crc32"]) == CRC
    assert text(headers["x-amz-content-sha256"]) == "UNSIGNED-PAYLOAD"
    assert text(headers["Content-Length"]) == "7"
    assert "x-amz-trailer" not in headers
    assert "transfer-encoding" not in headers


def test_without_checksums_a_body_goes_with_its_md5_and_no_newer_header(store: CannedStore) -> None:
    bucket_of(store, checksum="none").put("key", b"content")
    headers = store.seen[0].headers
    assert text(headers["Content-MD5"]) == "mgNkuembtIDdJeHwKEyFVQ=="
    assert not [name for name in headers if "checksum" in name.lower() or "trailer" in name.lower()]


def test_the_first_attempt_of_a_file_is_sent_at_once_and_a_later_one_waits_to_be_asked_for(store: CannedStore) -> None:
    store.answers = [(503, b""), (200, b"")]
    bucket_of(store).put("key", io.BytesIO(b"content"))
    assert ["Expect" in request.headers for request in store.seen] == [False, True]


@pytest.mark.parametrize("checksum", ["CRC32C", "CRC64NVME"])
@pytest.mark.skipif(importlib.util.find_spec("awscrt") is not None, reason="awscrt is installed")
def test_a_checksum_that_cannot_be_computed_here_is_refused_with_the_option_s_name(
    store: CannedStore, checksum: str
) -> None:
    with pytest.raises(InvalidRequest, match=rf"storage.s3.checksum is {checksum}.*boto3\[crt\]"):
        bucket_of(store, checksum=checksum)


def test_an_object_is_created_on_condition_that_there_is_none(store: CannedStore) -> None:
    bucket_of(store).create("key", b"content")
    assert text(store.seen[0].headers["If-None-Match"]) == "*"


def test_a_conflict_with_another_writer_is_asked_again_and_ends_as_object_exists(store: CannedStore) -> None:
    store.answers = [(409, refused("ConditionalRequestConflict"))]
    with pytest.raises(ObjectExists):
        bucket_of(store).create("key", b"content")
    assert len(store.seen) == 3


@pytest.mark.parametrize(
    ("status", "code", "sentence", "remedy"),
    [
        (403, "RequestTimeTooSkewed", "this machine's clock differs too much", "Synchronise the clock"),
        (400, "ExpiredToken", "the session token has expired", "Renew it"),
        (301, "PermanentRedirect", "the bucket lives somewhere else", "region of the storage connection"),
        (302, "", "the bucket lives somewhere else", "https instead of http"),
        (400, "AuthorizationHeaderMalformed", "signed for another region", "region of the storage connection"),
        (501, "NotImplemented", "does not know something", "storage.s3.checksum to none"),
        (403, "QuotaExceeded", "its quota is used up", "space"),
        (400, "EntityTooLarge", "a part is larger", "storage.part_size"),
        (400, "KMS.DisabledException", "encryption key cannot be used", "use that key"),
        (400, "Strange", "Something (Strange, HTTP 400", "documentation"),
        (403, "", "these credentials may not do that (AccessDenied, HTTP 403", "Grant s3:PutObject"),
    ],
)
def test_a_permanent_refusal_is_asked_once_and_explained(
    store: CannedStore, status: int, code: str, sentence: str, remedy: str
) -> None:
    store.answers = [(status, refused(code) if code else b"")]
    with pytest.raises(BucketError) as raised:
        bucket_of(store).put("a/key", b"content")
    assert raised.value.what.startswith("https://s3.example.com:9000 refused to write s3://backups/a/key: ")
    assert sentence in raised.value.what
    assert remedy in raised.value.remedy
    assert len([request for request in store.seen if request.method == "PUT"]) == 1


GRANT = "Grant s3:GetObject and s3:ListBucket"
NO_KEY = "the encryption key cannot be used"


@pytest.mark.parametrize(
    ("answer", "why", "remedy", "is_its_own"),
    [
        ((403, "InvalidObjectState"), "it lies in an archive class, from which nothing is", "restore-object", True),
        ((400, "KMS.DisabledException"), NO_KEY, "Enable that key", True),
        ((400, "KMS.KMSInvalidStateException"), NO_KEY, "cancel its deletion", True),
        ((403, "KMS.AccessDeniedException"), NO_KEY, "use that key", False),
        ((403, "AccessDenied"), "these credentials may not do that", GRANT, False),
        ((403, ""), "these credentials may not do that", GRANT, False),
        ((400, "InvalidRequest"), "Something", "documentation", False),
    ],
)
def test_an_object_that_is_refused_for_good_is_told_from_a_store_that_refuses_now(
    store: CannedStore, answer: tuple[int, str], why: str, remedy: str, is_its_own: bool
) -> None:
    status, code = answer
    store.answers = [(status, refused(code) if code else b"")]
    for sse in ("none", "aws:kms"):
        store.seen.clear()
        with pytest.raises(ObjectRefused) as raised:
            bucket_of(store, sse=sse).get("a/key")
        error = raised.value
        assert (error.place, error.is_its_own) == ("s3://backups/a/key", is_its_own)
        assert error.why.startswith(why)
        assert error.why.endswith(f" ({code or 'AccessDenied'})"), "no id of the request, which is another each time"
        assert error.what.startswith(f"https://s3.example.com:9000 refused to read s3://backups/a/key: {why}")
        assert remedy in error.remedy
        assert len(store.seen) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "SlowDown"),
        (500, "InternalError"),
        (400, "KMS.ThrottlingException"),
        (400, "ExpiredToken"),
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (403, "RequestTimeTooSkewed"),
        (404, "NoSuchBucket"),
    ],
)
def test_what_passes_or_is_about_every_object_is_no_refusal_of_that_one(
    store: CannedStore, status: int, code: str
) -> None:
    store.answers = [(status, refused(code))] * 3
    with pytest.raises(BucketError) as raised:
        bucket_of(store).get("a/key")
    assert not isinstance(raised.value, ObjectRefused)


def test_only_who_reads_is_refused_an_object(store: CannedStore) -> None:
    store.answers = [(403, refused("AccessDenied"))] * 2
    for ask in (lambda: bucket_of(store).delete("a/key"), lambda: list(bucket_of(store).list("a/"))):
        with pytest.raises(BucketError) as raised:
            ask()
        assert not isinstance(raised.value, ObjectRefused)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalError"),
        (502, ""),
        (503, "SlowDown"),
        (504, ""),
        (429, "TooManyRequests"),
        (400, "RequestTimeout"),
        (400, "IncompleteBody"),
        (400, "BadDigest"),
        (409, "OperationAborted"),
    ],
)
def test_a_passing_failure_is_asked_again_until_it_passes(store: CannedStore, status: int, code: str) -> None:
    failure = (status, refused(code) if code else b"<html>Bad Gateway</html>")
    store.answers = [failure, failure, (200, b"")]
    bucket_of(store).put("key", b"content")
    assert len(store.seen) == 3


def test_a_store_s_own_words_are_quoted_without_what_looks_like_a_credential(store: CannedStore) -> None:
    store.answers = [(400, refused("Strange", "Header Credential=AKIA123/x is bad,\n  Signature=abcdef too.\n"))]
    with pytest.raises(BucketError, match=r"Header \.\.\. is bad, \.\.\. too") as raised:
        bucket_of(store).put("key", b"content")
    assert "AKIA123" not in str(raised.value)
    assert "abcdef" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "attempts", "sentence"),
    [
        (
            ConnectTimeoutError(endpoint_url="https://x/?secret"),
            3,
            "after 3 attempts: https://s3.example.com:9000 cannot",
        ),
        (SSLError(endpoint_url="https://x", error=OSError("EOF occurred")), 3, "no TLS connection"),
        (SSLError(endpoint_url="https://x", error=OSError("certificate verify failed")), 1, "no TLS connection"),
        (NoCredentialsError(), 1, "there are no credentials"),
        (MetadataRetrievalError(error_msg="timed out"), 3, "credentials could not be fetched"),
    ],
)
def test_silence_is_explained_and_asked_again_only_where_that_may_help(
    store: CannedStore, error: Exception, attempts: int, sentence: str
) -> None:
    store.answers = [error]
    with pytest.raises(BucketError) as raised:
        bucket_of(store).get("key")
    assert raised.value.what.startswith("Could not read s3://backups/key")
    assert sentence in raised.value.what
    assert "secret" not in raised.value.what
    assert len(store.seen) == attempts


def test_a_remedy_names_the_connection_that_is_meant_and_where_a_shell_reads_it(store: CannedStore) -> None:
    store.answers = [NoCredentialsError()]
    with pytest.raises(BucketError) as raised:
        bucket_of(store, connection_id="aws_vault").get("key")
    assert raised.value.remedy == (
        "Set both keys in the storage connection aws_vault; a shell reads it from AIRFLOW_CONN_AWS_VAULT."
    )


def test_the_pauses_between_attempts_grow_but_never_beyond_twenty_seconds(
    store: CannedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    pauses: list[float] = []
    attempts = Attempts("backups", "https://x", 12, pause=pauses.append)

    def fail(_attempt: int) -> None:
        raise ConnectTimeoutError(endpoint_url="https://x")

    with pytest.raises(BucketError):
        attempts.run(READ, "key", fail)
    assert len(pauses) == 11
    for number, pause in enumerate(pauses):
        longest = min(20.0, 0.5 * 2**number)
        assert longest / 2 <= pause <= longest


def test_an_endpoint_that_is_no_url_is_an_invalid_connection() -> None:
    with pytest.raises(InvalidConnection, match="is not a URL"):
        connect(options=S3Options(), endpoint_url="not a url", region="x", access_key="a", secret_key="b")


def test_an_endpoint_is_shown_without_user_password_and_path() -> None:
    assert bare_endpoint("https://user:pass@s3.example.com:9000/path?x=y") == "https://s3.example.com:9000"


def test_a_date_that_nobody_asks_for_is_not_read(store: CannedStore) -> None:
    store.answers = [(200, b"content", {"Last-Modified": "when the moon was full"})]
    assert bucket_of(store).get("key") == b"content"
    assert bucket_of(store).read("key", 0, 7) == b"content"


def test_the_access_log_of_the_store_says_who_has_asked(store: CannedStore) -> None:
    bucket_of(store).put("key", b"content")
    assert text(store.seen[0].headers["User-Agent"]).startswith("dbops/")


def test_every_sender_gets_a_connection_of_its_own() -> None:
    client = connect(options=S3Options(), region="eu-x", access_key="KEY", secret_key="SECRET")
    assert client.meta.config.max_pool_connections >= 64  # type: ignore[attr-defined]  # the stubs lack it
