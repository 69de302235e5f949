"""Deletion: take backups out of a bucket in reverse; what is interrupted is a leftover, never a broken backup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket, StoredObject, UnfinishedUpload


class Deletion:
    """Deletes folders of backups, counts what is gone, and collects what the store refused, by key.

    With ``dry_run`` it counts, and deletes nothing.
    """

    def __init__(self, bucket: Bucket, *, threads: int, dry_run: bool) -> None:
        self._bucket, self._threads, self._dry_run = bucket, threads, dry_run
        self.objects = 0
        self.freed_bytes = 0
        self.failures: dict[str, BucketError] = {}

    def remove(self, objects: Iterable[StoredObject], layout: Layout, backup_id: BackupId) -> bool:
        """Delete these objects of one backup's folder, manifest first, claim last; whether it is no backup any more."""
        files = {stored.key: stored for stored in objects}
        manifest = files.pop(layout.manifest(backup_id), None)
        claim = files.pop(layout.started(backup_id), None)
        if manifest is not None and not self._delete([manifest]):
            return False
        # While a file is left, its claim stays too: the sweep then finds a leftover that explains itself.
        if self._delete(list(files.values())) and claim is not None:
            self._delete([claim])
        return True

    def abort(self, upload: UnfinishedUpload) -> None:
        """Abort one unfinished multipart upload; raises BucketError."""
        if not self._dry_run:
            self._bucket.abort_upload(upload)

    @contextmanager
    def collecting(self, key: str) -> Iterator[None]:
        """Keep a BucketError under that key instead of letting it stop the rest."""
        try:
            yield
        except BucketError as error:
            self.failures[key] = error

    def _delete(self, objects: Sequence[StoredObject]) -> bool:
        with ThreadPoolExecutor(self._threads, thread_name_prefix="delete") as pool:
            errors = list(pool.map(self._refusal, objects))
        for stored, error in zip(objects, errors, strict=True):
            if error is not None:
                self.failures[stored.key] = error
            else:
                self.objects += 1
                self.freed_bytes += stored.bytes
        return not any(errors)

    def _refusal(self, stored: StoredObject) -> BucketError | None:
        if self._dry_run:
            return None
        try:
            self._bucket.delete(stored.key)
        except BucketError as error:
            return error
        return None
