"""InMemoryBucket: a bucket that lives in this process, for tests; it passes the same contract suite as S3Bucket."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

from dbops.errors import BucketError, ObjectExists, ObjectMissing
from dbops.gateways.store.bucket import StoredObject, UnfinishedUpload


class InMemoryBucket:
    """``clock`` says when an object was modified. Safe to use from several threads."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self._name, self._clock = name, clock
        self._objects: dict[str, tuple[bytes, datetime]] = {}
        self._uploads: dict[str, UnfinishedUpload] = {}
        self._upload_ids = itertools.count(1)
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self._name

    def get(self, key: str) -> bytes:
        """See ``bucket.Bucket.get``."""
        with self._lock:
            if key not in self._objects:
                raise ObjectMissing(f"There is no object s3://{self._name}/{key}.")
            return self._objects[key][0]

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See ``bucket.Bucket.read``."""
        return self.get(key)[offset : offset + length]

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """See ``bucket.Bucket.put``."""
        content = body if isinstance(body, bytes) else _whole(body)
        with self._lock:
            self._objects[key] = content, self._clock()

    def create(self, key: str, body: bytes) -> None:
        """See ``bucket.Bucket.create``."""
        with self._lock:
            if key in self._objects:
                raise ObjectExists(f"s3://{self._name}/{key} already exists, and was to be created.")
            self.put(key, body)

    def delete(self, key: str) -> None:
        """See ``bucket.Bucket.delete``."""
        with self._lock:
            self._objects.pop(key, None)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See ``bucket.Bucket.list``."""
        with self._lock:
            found = sorted((key, *value) for key, value in self._objects.items() if key.startswith(prefix))
        for key, content, modified in found:
            yield StoredObject(key, len(content), modified, hashlib.sha256(content).hexdigest())

    def folders(self, prefix: str) -> Iterator[str]:
        """See ``bucket.Bucket.folders``."""
        with self._lock:
            below = [key.removeprefix(prefix) for key in self._objects if key.startswith(prefix)]
        yield from sorted({key.partition("/")[0] for key in below if "/" in key})

    def begin_upload(self, key: str) -> InMemoryUpload:
        """See ``bucket.Bucket.begin_upload``."""
        with self._lock:
            begun = UnfinishedUpload(key, f"upload-{next(self._upload_ids)}", self._clock())
            self._uploads[begun.upload_id] = begun
        return InMemoryUpload(self, begun)

    def unfinished_uploads(self, prefix: str) -> Iterator[UnfinishedUpload]:
        """See ``bucket.Bucket.unfinished_uploads``."""
        with self._lock:
            found = [upload for upload in self._uploads.values() if upload.key.startswith(prefix)]
        yield from sorted(found, key=lambda upload: (upload.key, upload.begun))

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """See ``bucket.Bucket.abort_upload``."""
        with self._lock:
            self._uploads.pop(upload.upload_id, None)

    def _is_unfinished(self, upload: UnfinishedUpload) -> bool:
        with self._lock:
            return upload.upload_id in self._uploads

    def _complete(self, upload: UnfinishedUpload, content: bytes) -> None:
        with self._lock:
            self.abort_upload(upload)
            self.put(upload.key, content)


class InMemoryUpload:
    """See ``bucket.Upload``."""

    def __init__(self, bucket: InMemoryBucket, begun: UnfinishedUpload) -> None:
        self._bucket, self._begun = bucket, begun
        self._parts: dict[int, bytes] = {}

    def add_part(self, number: int, body: BinaryIO, length: int) -> None:
        """See ``bucket.Upload.add_part``."""
        content = _whole(body)
        if len(content) != length:
            raise BucketError(f"A part was announced with {length} bytes and has {len(content)}; it was not sent.")
        self._refuse_if_over()
        self._parts[number] = content

    def complete(self) -> None:
        """See ``bucket.Upload.complete``."""
        self._refuse_if_over()
        if not self._parts:
            raise BucketError(f"The upload of {self._begun.key} has no parts and cannot be completed.")
        self._bucket._complete(self._begun, b"".join(self._parts[number] for number in sorted(self._parts)))

    def abort(self) -> None:
        """See ``bucket.Upload.abort``."""
        self._bucket.abort_upload(self._begun)

    def _refuse_if_over(self) -> None:
        if not self._bucket._is_unfinished(self._begun):
            raise BucketError(f"The upload of {self._begun.key} is over: it was completed or aborted.")


def _whole(body: BinaryIO) -> bytes:
    body.seek(0)
    return body.read()
