"""WatchedBucket: a bucket that knows what was done to it."""

from __future__ import annotations

from typing import BinaryIO

from dbops.gateways.store.bucket import UnfinishedUpload
from dbops.gateways.store.memory_bucket import InMemoryBucket, InMemoryUpload
from tests.unit.samples import DAY, NOW, Clock


class WatchedBucket(InMemoryBucket):
    """Notes each change; that of the index, a cache, is none."""

    def __init__(self) -> None:
        super().__init__("vault", Clock(NOW - 3 * DAY))
        self.changes: list[tuple[str, str]] = []

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """See ``bucket.Bucket.put``."""
        self._note("put", key)
        super().put(key, body)

    def delete(self, key: str) -> None:
        """See ``bucket.Bucket.delete``."""
        self._note("delete", key)
        super().delete(key)

    def begin_upload(self, key: str) -> InMemoryUpload:
        """See ``bucket.Bucket.begin_upload``."""
        self._note("upload", key)
        return super().begin_upload(key)

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """See ``bucket.Bucket.abort_upload``."""
        self._note("abort", upload.key)
        super().abort_upload(upload)

    def _note(self, what: str, key: str) -> None:
        if "_indexes/" not in key:
            self.changes.append((what, key))

    @property
    def deleted(self) -> set[str]:
        """The keys that were deleted."""
        return {key for what, key in self.changes if what == "delete"}
