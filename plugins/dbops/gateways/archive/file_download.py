"""FileDownload: a file of an archive, fetched in parallel ranges, handed on in order, compared with its sha256."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future

from dbops.domain.backups.backup import FileEntry
from dbops.errors import BackupUnusable
from dbops.gateways.archive.stored import place_of, require_unchanged
from dbops.gateways.store.bucket import Bucket

RANGE = 4 * 1024**2
AHEAD = 3  # ranges that are fetched before they are wanted


class FileDownload:
    """Iterates over the bytes of the file. Holds at most AHEAD + 1 ranges of RANGE bytes in memory.

    The last piece is only given when the whole file is proven to be what was uploaded; raises BackupUnusable instead,
    or BucketError where it is its way here that damages it.
    """

    def __init__(self, bucket: Bucket, folder: str, file: FileEntry, fetchers: Executor) -> None:
        self._bucket, self._key, self._file, self._fetchers = bucket, folder + file.name, file, fetchers
        self._where = place_of(bucket, self._key)

    def __iter__(self) -> Iterator[bytes]:
        digest = hashlib.sha256()
        fetched: deque[Future[bytes]] = deque()
        offsets = iter(range(0, self._file.bytes, RANGE))
        try:
            for offset in offsets:
                fetched.append(self._fetch(offset))
                if len(fetched) > AHEAD:
                    break
            left = self._file.bytes
            while fetched:
                piece = fetched.popleft().result()
                if (offset := next(offsets, -1)) >= 0:
                    fetched.append(self._fetch(offset))
                digest.update(piece)
                left -= len(piece)
                if len(piece) != RANGE and left:
                    raise BackupUnusable(f"{self._where} is shorter than the manifest says.", "Use another backup.")
                if not left:
                    require_unchanged(self._where, self._file, digest.hexdigest(), self._digest_again)
                yield piece
        finally:
            for waiting in fetched:
                waiting.cancel()

    def _digest_again(self) -> str:
        digest = hashlib.sha256()
        for offset in range(0, self._file.bytes, RANGE):
            digest.update(self._read(offset))
        return digest.hexdigest()

    def _fetch(self, offset: int) -> Future[bytes]:
        return self._fetchers.submit(self._read, offset)

    def _read(self, offset: int) -> bytes:
        return self._bucket.read(self._key, offset, min(RANGE, self._file.bytes - offset))
