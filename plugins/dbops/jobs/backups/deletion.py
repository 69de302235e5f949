"""Deletion: take backups out of a bucket in reverse; what is interrupted is a leftover, never a broken backup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.errors import BucketError, ObjectMissing
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

    def remove(
        self,
        objects: Iterable[StoredObject],
        layout: Layout,
        backup_id: BackupId,
        *,
        is_held: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Delete these objects of one backup's folder, manifest first, claim last; whether it is no backup any more.

        ``is_held`` is asked when the manifest is gone and nothing else is: where it is, or nobody can say, the manifest
        is put back. Raises BucketError where nobody can say, and where it could not be put back.
        """
        files = {stored.key: stored for stored in objects}
        manifest = files.pop(layout.manifest(backup_id), None)
        claim = files.pop(layout.started(backup_id), None)
        if manifest is not None and not self._unlist(manifest, is_held):
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

    def _unlist(self, manifest: StoredObject, is_held: Callable[[], bool]) -> bool:
        body = self._body_of(manifest)
        if (refusal := self._refusal(manifest)) is not None:
            self.failures[manifest.key] = refusal
            return False
        try:
            held = not self._dry_run and is_held()
        except BucketError:
            self._put_back(manifest, body)
            raise
        if held:
            self._put_back(manifest, body)
            return False
        self._count(manifest)
        return True

    def _body_of(self, manifest: StoredObject) -> bytes | None:
        """None where somebody else has just deleted it, who then puts it back where it must be."""
        try:
            return None if self._dry_run else self._bucket.get(manifest.key)
        except ObjectMissing:
            return None

    def _put_back(self, manifest: StoredObject, body: bytes | None) -> None:
        try:
            if body is not None:
                self._bucket.put(manifest.key, body)
        except BucketError as error:
            raise BucketError(
                f"{manifest.key} was deleted and could not be put back, though it may be held by now: {error.what}",
                "None of its files was deleted, and while it is held none will be: it can be restored by hand.",
            ) from None

    def _count(self, stored: StoredObject) -> None:
        self.objects += 1
        self.freed_bytes += stored.bytes

    def _delete(self, objects: Sequence[StoredObject]) -> bool:
        with ThreadPoolExecutor(self._threads, thread_name_prefix="delete") as pool:
            errors = list(pool.map(self._refusal, objects))
        for stored, error in zip(objects, errors, strict=True):
            if error is not None:
                self.failures[stored.key] = error
            else:
                self._count(stored)
        return not any(errors)

    def _refusal(self, stored: StoredObject) -> BucketError | None:
        if self._dry_run:
            return None
        try:
            self._bucket.delete(stored.key)
        except BucketError as error:
            return error
        return None
