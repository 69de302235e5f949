"""S3Upload: one multipart upload to an S3 bucket."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import ClientError

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError
from dbops.gateways.s3.attempts import Attempts
from dbops.gateways.s3.body import SentBody
from dbops.gateways.s3.checksum import Digest, digest_of
from dbops.gateways.s3.encryption import encryption_asked, require_encrypted
from dbops.gateways.s3.refusals import Action, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

BEGIN = Action("begin the upload of", "s3:PutObject")
ADD_PART = Action("upload a part of", "s3:PutObject")
COMPLETE = Action("complete the upload of", "s3:PutObject")
ABORT = Action("abort the upload of", "s3:AbortMultipartUpload")

_ABORT_ATTEMPTS = 4  # who aborts is failing or being cancelled; what stays is aborted by the next backup


class S3Upload:
    """See ``bucket.Upload``. Whatever sleeps between two attempts wakes up and gives up when the upload is aborted."""

    def __init__(self, client: S3Client, key: str, options: S3Options, attempts: Attempts) -> None:
        self._client, self._bucket, self._key, self._options = client, attempts.bucket, key, options
        self._hasty = replace(attempts, limit=min(attempts.limit, _ABORT_ATTEMPTS))
        self._attempts = replace(attempts, pause=self._pause)
        self._parts: dict[int, CompletedPartTypeDef] = {}
        self._lengths: dict[int, int] = {}
        self._ended = threading.Event()
        self._in_flight = 0
        self._landed = threading.Condition()
        self._id = self._begin()

    def _begin(self) -> str:
        asked = encryption_asked(self._options)
        if self._options.checksum != "none":
            asked["ChecksumAlgorithm"] = self._options.checksum

        def send(_attempt: int) -> str:
            begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key, **asked)
            return begun["UploadId"]

        return self._attempts.run(BEGIN, self._key, send)

    def add_part(self, number: int, body: BinaryIO, length: int) -> None:
        """See ``bucket.Upload.add_part``."""
        part = SentBody(body)
        part.expect(length)
        with self._landed:
            self._refuse_if_ended()
            self._in_flight += 1
        try:
            digest = digest_of(body, self._options.checksum)
            etag = self._attempts.run(ADD_PART, self._key, lambda _: self._send_part(number, part, digest), body=part)
        finally:
            with self._landed:
                self._in_flight -= 1
                self._landed.notify_all()
        with self._landed:
            part_sent = {"PartNumber": number, "ETag": etag, **digest}
            part_sent.pop("ContentMD5", None)  # the list of parts has no place for it
            self._parts[number] = cast("CompletedPartTypeDef", part_sent)
            self._lengths[number] = length

    def _send_part(self, number: int, part: SentBody, digest: Digest) -> str:
        sent = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._id,
            PartNumber=number,
            Body=cast(BinaryIO, part),
            ContentLength=part.length,
            **digest,
        )
        require_encrypted(sent, self._options, self._attempts.place(self._key))  # SeaweedFS says it here, not before
        return sent["ETag"]

    def complete(self) -> None:
        """See ``bucket.Upload.complete``."""
        with self._landed:
            self._refuse_if_ended()
            parts = [self._parts[number] for number in sorted(self._parts)]
        if not parts:
            raise BucketError(f"The upload of {self._attempts.place(self._key)} has no parts and cannot be completed.")

        def send(attempt: int) -> None:
            try:
                self._client.complete_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._id, MultipartUpload={"Parts": parts}
                )
            except ClientError as error:
                # The answer to an earlier attempt may have been lost after the store had done it.
                if attempt == 1 or code_of(error) != "NoSuchUpload" or not self._stands():
                    raise

        self._attempts.run(COMPLETE, self._key, send)
        self._ended.set()

    def _stands(self) -> bool:
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._key)
        except ClientError:
            return False
        return head["ContentLength"] == sum(self._lengths.values())

    def abort(self) -> None:
        """See ``bucket.Upload.abort``; waits for parts in flight, which S3 may otherwise still store afterwards."""
        self._ended.set()
        abort(self._client, self._key, self._id, self._hasty)
        with self._landed:
            if not self._in_flight:
                return
            self._landed.wait_for(lambda: not self._in_flight, self._options.read_timeout.total_seconds())
        abort(self._client, self._key, self._id, self._hasty)

    def _pause(self, seconds: float) -> None:
        if self._ended.wait(seconds):
            self._refuse_if_ended()

    def _refuse_if_ended(self) -> None:
        if self._ended.is_set():
            raise BucketError(f"The upload of {self._attempts.place(self._key)} is over: it was completed or aborted.")


def abort(client: S3Client, key: str, upload_id: str, attempts: Attempts) -> None:
    """Abort an upload; one that is already gone is no error."""

    def send(_attempt: int) -> None:
        try:
            client.abort_multipart_upload(Bucket=attempts.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if code_of(error) != "NoSuchUpload":
                raise

    attempts.run(ABORT, key, send)
