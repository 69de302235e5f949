"""Bucket: the object store, as much of it as dbops needs.

Two implementations pass one contract suite: ``s3_bucket.S3Bucket`` and ``memory_bucket.InMemoryBucket``.
Every method raises BucketError with a sentence for people; transient store errors are retried below this line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing; ``modified`` is the store's clock, UTC."""

    key: str
    bytes: int
    modified: datetime


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    begun: datetime


class Upload(Protocol):
    """One multipart upload of one object."""

    def add_part(self, number: int, body: BinaryIO, length: int) -> None:
        """Send part ``number`` (from 1). ``body`` is seekable and yields exactly ``length`` bytes; safe to call from
        several threads at once. The store verifies a checksum before it answers.
        """

    def complete(self) -> None:
        """Make the object exist, from all parts in order."""

    def abort(self) -> None:
        """Leave nothing behind; never raises for an upload that is already gone."""


class Bucket(Protocol):
    """The object store. Keys are full keys within the bucket."""

    @property
    def name(self) -> str:
        """The bucket's name."""

    def get(self, key: str) -> bytes:
        """A small object whole; raises ObjectMissing."""

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """Write an object, in one request; ``body`` is bytes or seekable. Overwrites."""

    def create(self, key: str, body: bytes) -> None:
        """Write an object that must not exist yet; raises ObjectExists. Atomic where the store can."""

    def delete(self, key: str) -> None:
        """Delete an object; one that does not exist is no error."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix``, by key."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The names of the folders directly below ``prefix`` (which ends with a slash), without slashes, by name."""

    def begin_upload(self, key: str) -> Upload:
        """Begin a multipart upload."""

    def unfinished_uploads(self, prefix: str) -> Iterator[UnfinishedUpload]:
        """The multipart uploads below ``prefix`` that were neither completed nor aborted."""

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """Abort somebody's unfinished upload; one that is already gone is no error."""
