"""S3Bucket: a bucket of Amazon S3, or of any store that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from dbops.domain.backups.storage import S3Options
from dbops.errors import ObjectMissing
from dbops.gateways.s3.attempts import Attempts
from dbops.gateways.s3.body import SentBody, send_at_once
from dbops.gateways.s3.checksum import digest_of, require_algorithm
from dbops.gateways.s3.encryption import encryption_asked, require_encrypted
from dbops.gateways.s3.events import ask_once, read_no_date
from dbops.gateways.s3.refusals import Action, bare_endpoint, code_of, object_exists
from dbops.gateways.s3.upload import S3Upload, abort
from dbops.gateways.store.bucket import StoredObject, UnfinishedUpload

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListMultipartUploadsOutputTypeDef, ListObjectsV2OutputTypeDef

# Without the latter permission S3 refuses instead of "not found".
READ = Action("read", "s3:GetObject and s3:ListBucket", reads=True)
WRITE = Action("write", "s3:PutObject")
CREATE = Action("create", "s3:PutObject")
DELETE = Action("delete", "s3:DeleteObject")
LIST = Action("list", "s3:ListBucket")
LIST_UPLOADS = Action("list the uploads below", "s3:ListBucketMultipartUploads")


class S3Bucket:
    """See ``bucket.Bucket``. ``client`` is one of ``connect``, or any S3 client made with ``client_config``.

    ``connection_id`` is the Airflow connection of the store, for errors to name.
    """

    def __init__(
        self, client: S3Client, name: str, options: S3Options, *, page_size: int = 1000, connection_id: str = ""
    ) -> None:
        require_algorithm(options.checksum)
        self._client, self._name, self._options, self._page_size = client, name, options, page_size
        self._asked = encryption_asked(options)
        client.meta.events.register_last("before-call.s3", send_at_once, unique_id="dbops-send-at-once")
        client.meta.events.register_last("before-parameter-build.s3", ask_once, unique_id="dbops-ask-once")
        client.meta.events.register_last("before-parse.s3.GetObject", read_no_date, unique_id="dbops-no-date")
        self._attempts = Attempts(
            name, bare_endpoint(client.meta.endpoint_url), options.attempts, options.sse, connection_id
        )

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self._name

    def get(self, key: str) -> bytes:
        """See ``bucket.Bucket.get``; a checksum that the store has of it is verified."""
        return self._attempts.run(
            READ, key, lambda _: self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        )

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See ``bucket.Bucket.read``."""

        def send(_attempt: int) -> bytes:
            try:
                span = f"bytes={offset}-{offset + length - 1}"
                return self._client.get_object(Bucket=self._name, Key=key, Range=span)["Body"].read()
            except ClientError as error:
                if code_of(error) not in {"InvalidRange", "416"}:
                    raise
                return b""  # behind its end

        return self._attempts.run(READ, key, send) if length else b""

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """See ``bucket.Bucket.put``."""
        digest = digest_of(body, self._options.checksum)
        sent = None if isinstance(body, bytes) else SentBody(body)
        content = body if sent is None else cast(BinaryIO, sent)
        answer = self._attempts.run(
            WRITE,
            key,
            lambda _: self._client.put_object(Bucket=self._name, Key=key, Body=content, **digest, **self._asked),
            body=sent,
        )
        require_encrypted(answer, self._options, self._attempts.place(key))

    def create(self, key: str, body: bytes) -> None:
        """See ``bucket.Bucket.create``; atomic unless ``conditional_writes`` is off."""
        if not self._options.conditional_writes:
            if self._exists(key):
                raise object_exists(self._attempts.place(key))
            return self.put(key, body)
        digest = digest_of(body, self._options.checksum)

        def send(attempt: int) -> None:
            try:
                answer = self._client.put_object(
                    Bucket=self._name, Key=key, Body=body, IfNoneMatch="*", **digest, **self._asked
                )
                require_encrypted(answer, self._options, self._attempts.place(key))
            except ClientError as error:
                # The answer to an earlier attempt may have been lost after the store had done it.
                if attempt == 1 or code_of(error) != "PreconditionFailed" or not self._holds(key, body):
                    raise

        return self._attempts.run(CREATE, key, send)

    def delete(self, key: str) -> None:
        """See ``bucket.Bucket.delete``."""
        self._attempts.run(DELETE, key, lambda _: self._client.delete_object(Bucket=self._name, Key=key))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See ``bucket.Bucket.list``."""
        for page in self._pages(prefix, delimiter=""):
            for found in page.get("Contents", []):
                modified = found["LastModified"].astimezone(UTC)
                yield StoredObject(found["Key"], found["Size"], modified, found.get("ETag", "").strip('"'))

    def folders(self, prefix: str) -> Iterator[str]:
        """See ``bucket.Bucket.folders``."""
        names = [
            folder["Prefix"].removeprefix(prefix).rstrip("/")
            for page in self._pages(prefix, delimiter="/")
            for folder in page.get("CommonPrefixes", [])
        ]
        yield from sorted(names)  # not every store lists in the order of the keys

    def begin_upload(self, key: str) -> S3Upload:
        """See ``bucket.Bucket.begin_upload``."""
        return S3Upload(self._client, key, self._options, self._attempts)

    def unfinished_uploads(self, prefix: str) -> Iterator[UnfinishedUpload]:
        """See ``bucket.Bucket.unfinished_uploads``."""
        after: dict[str, Any] = {}
        while True:
            page = self._attempts.run(LIST_UPLOADS, prefix, partial(self._uploads_page, prefix, after))
            for found in page.get("Uploads", []):
                yield UnfinishedUpload(found["Key"], found["UploadId"], found["Initiated"].astimezone(UTC))
            # S3 goes on after a key and an id; SeaweedFS gives and takes only the id.
            next_markers = {"KeyMarker": page.get("NextKeyMarker"), "UploadIdMarker": page.get("NextUploadIdMarker")}
            after = {name: marker for name, marker in next_markers.items() if marker}
            if not page.get("IsTruncated") or not after:
                return

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """See ``bucket.Bucket.abort_upload``."""
        abort(self._client, upload.key, upload.upload_id, self._attempts)

    def _pages(self, prefix: str, *, delimiter: str) -> Iterator[ListObjectsV2OutputTypeDef]:
        after: dict[str, Any] = {}
        while True:
            page = self._attempts.run(LIST, prefix, partial(self._page, prefix, delimiter, after))
            yield page
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, prefix: str, delimiter: str, after: dict[str, Any], _attempt: int) -> ListObjectsV2OutputTypeDef:
        return self._client.list_objects_v2(
            Bucket=self._name, Prefix=prefix, Delimiter=delimiter, MaxKeys=self._page_size, **after
        )

    def _uploads_page(self, prefix: str, after: dict[str, Any], _attempt: int) -> ListMultipartUploadsOutputTypeDef:
        return self._client.list_multipart_uploads(
            Bucket=self._name, Prefix=prefix, MaxUploads=self._page_size, **after
        )

    def _exists(self, key: str) -> bool:
        def send(_attempt: int) -> bool:
            try:
                self._client.head_object(Bucket=self._name, Key=key)
            except ClientError as error:
                if code_of(error) not in {"404", "NoSuchKey", "NotFound"}:
                    raise
                return False
            return True

        return self._attempts.run(READ, key, send)

    def _holds(self, key: str, body: bytes) -> bool:
        try:
            return self.get(key) == body
        except ObjectMissing:
            return False
