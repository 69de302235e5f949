"""Bucket: the object store, as much of it as dbops needs.

Two implementations pass one contract suite: ``s3.S3Bucket`` and ``memory_bucket.InMemoryBucket``.
Every method raises BucketError with a sentence for people; transient store errors are retried below this line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing; ``modified`` is the store's clock, UTC.

    ``tag`` is another one as soon as the content is; empty where the store tells none.
    """

    key: str
    bytes: int
    modified: datetime
    tag: str = ""


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    begun: datetime


class Upload(Protocol):
    """One multipart upload of one object."""

    def add_part(self, number: int, body: BinaryIO, length: int) -> None:
        """Send part ``number`` (from 1); sent again it replaces the earlier one. Several threads may call it at once.

        ``body`` is seekable and holds exactly ``length`` bytes from its beginning; it is read block by block, several
        times. What reading it raises is raised as it is. The store verifies a checksum before it answers.
        """

    def complete(self) -> None:
        """Make the object exist, from all parts in order; there must be one."""

    def abort(self) -> None:
        """Leave nothing behind, also of parts that other threads are sending: they fail, and those that wait wake up.

        No error for an upload that is already gone; a completed object stays.
        """


class Bucket(Protocol):
    """The object store. Keys are full keys within the bucket."""

    @property
    def name(self) -> str:
        """The bucket's name."""

    def get(self, key: str) -> bytes:
        """A small object whole; raises ObjectMissing, ObjectRefused where the store never hands it out."""

    def read(self, key: str, offset: int, length: int) -> bytes:
        """``length`` bytes of an object from ``offset`` on, fewer at its end, none behind it; raises as ``get``."""

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """Write an object, in one request; ``body`` is bytes, or seekable and read from its beginning. Overwrites."""

    def create(self, key: str, body: bytes) -> None:
        """Write an object that must not exist yet; raises ObjectExists. Atomic where the store can."""

    def delete(self, key: str) -> None:
        """Delete an object; one that does not exist is no error."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix``, in the store's order: on S3 that of the keys."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The names of the folders directly below ``prefix`` (which ends with a slash), without slashes, by name."""

    def begin_upload(self, key: str) -> Upload:
        """Begin a multipart upload."""

    def unfinished_uploads(self, prefix: str) -> Iterator[UnfinishedUpload]:
        """The multipart uploads below ``prefix`` that were neither completed nor aborted."""

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """Abort somebody's unfinished upload; one that is already gone is no error."""


def find_listed(bucket: Bucket, key: str) -> StoredObject | None:
    """The object as the store lists it, readable or not; None where it lists none. Raises BucketError."""
    return next((stored for stored in bucket.list(key) if stored.key == key), None)
