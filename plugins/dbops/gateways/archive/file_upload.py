"""FileUpload: one file of the archive on its way to the bucket, while pg_dump is still writing it.

One pass over the bytes hashes them, counts the rows and cuts the parts; the parts are sent by other threads, straight
from the spool, and their disk space is given back as soon as the store has them. Where the file is encrypted, that same
pass encrypts it into another file of the spool, from which the parts are cut then.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import BinaryIO

from dbops.domain.backups.backup import FileEntry
from dbops.domain.backups.part_sizes import part_size
from dbops.gateways.archive.encrypted_file import EncryptedFile
from dbops.gateways.archive.growing_file import GrowingFile
from dbops.gateways.dump.copy_rows import RowCounter
from dbops.gateways.dump.spool import SpoolPart
from dbops.gateways.dump.throttle import Throttle
from dbops.gateways.store.bucket import Bucket, Upload

_BUFFER = 256 * 1024
_SEND_BUFFER = 256 * 1024
_PAGE = 64 * 1024  # no file system that can punch holes has larger ones


class FileUpload:
    """Sends one growing file, called ``name`` in the bucket. ``counter`` counts its rows; None where nobody asks.

    ``encrypted`` is what it becomes before it is sent; None where it is sent as it is.
    """

    def __init__(
        self,
        file: GrowingFile,
        bucket: Bucket,
        key: str,
        name: str,
        *,
        senders: Executor,
        first_part: int,
        throttle: Throttle,
        punchable: bool,
        abandoned: threading.Event,
        on_failure: Callable[[BaseException], None],
        counter: RowCounter | None,
        encrypted: EncryptedFile | None = None,
    ) -> None:
        self.file, self._counter, self._name = file, counter, name
        self._encrypted, self._outgoing = encrypted, encrypted or file
        self._files = (file,) if encrypted is None else (file, encrypted)
        self._bucket, self._key, self._senders = bucket, key, senders
        self._first_part, self._throttle, self._punchable = first_part, throttle, punchable
        self._abandoned, self._on_failure = abandoned, on_failure
        self._digest, self._clear_digest = hashlib.sha256(), hashlib.sha256()
        self._ready = 0
        self._upload: Upload | None = None
        self._sent: list[Future[None]] = []
        self._cut = 0
        self._is_aborted = False
        self.done = False

    @property
    def held(self) -> int:
        """Bytes that wait in the spool."""
        return sum(file.written - file.released for file in self._files)

    @property
    def waiting(self) -> int:
        """Bytes held that only more bytes can move: those of the part being filled, and of a page read in part."""
        if self.file.is_finished:
            return 0
        uncut = self.file.written - self.file.position + self._ready - self._cut
        kept = 0 if self._encrypted is None else self.file.position - self.file.released
        return min(uncut, self._next_part) + kept

    @property
    def stored(self) -> int:
        """Bytes that the bucket has."""
        return self._outgoing.released

    @property
    def clear_sha256(self) -> str:
        """The sha256 of the file as pg_dump has written it; known when it is done."""
        return self._clear_digest.hexdigest()

    def run(self) -> FileEntry:
        """Follow the file to its end and return what the bucket then holds; leaves no file in the spool."""
        if self._encrypted is None:
            source = _Observed(self.file, self._take_clear)
            while source.read(_BUFFER):
                pass  # it is looked at as it passes
        else:
            observed = _Observed(self.file, self._take_clear_for_good)
            self._encrypted.fill(io.BufferedReader(observed, _BUFFER), self._take)
        if self._counter is not None:
            self._counter.finish()
        self._send_rest()
        self.discard()
        self.done = True
        return FileEntry(self._name, self._ready, self._digest.hexdigest())

    def discard(self) -> None:
        """Remove from the spool what is left of it there."""
        for file in self._files:
            file.discard()

    def close(self) -> None:
        """Let go of the files, whatever became of them."""
        for file in self._files:
            file.close()

    def abort(self) -> None:
        """Leave nothing of it in the bucket that a listing of uploads would show."""
        if self._upload is not None and not self._is_aborted:
            self._upload.abort()
            self._is_aborted = True

    def _take_clear(self, piece: memoryview) -> None:
        """The next piece that pg_dump has written, which is what is sent."""
        if self._counter is not None:
            self._counter.feed(piece)
        self._take(piece)

    def _take_clear_for_good(self, piece: memoryview) -> None:
        """The next piece that pg_dump has written: it is encrypted now, and never read again."""
        if self._counter is not None:
            self._counter.feed(piece)
        self._clear_digest.update(piece)
        page = self.file.position - self.file.position % _PAGE  # a page of which a part is given back stays for ever
        if page > self.file.released:
            self.file.release(self.file.released, page - self.file.released, punchable=self._punchable)

    def _take(self, piece: bytes | memoryview) -> None:
        """The next piece of what is sent."""
        self._digest.update(piece)
        self._ready += len(piece)
        while self._ready - self._cut >= self._next_part:
            if self._upload is None:
                self._upload = self._bucket.begin_upload(self._key)
            self._send_part(self._upload, self._next_part)

    @property
    def _next_part(self) -> int:
        """Bytes of the part that is being filled."""
        return part_size(len(self._sent) + 1, self._first_part)

    def _send_rest(self) -> None:
        rest = self._ready - self._cut
        if self._upload is None:
            self._send(0, rest, lambda part: self._bucket.put(self._key, part))
        elif rest:
            self._send_part(self._upload, rest)
        for sent in self._sent:
            sent.result()  # not futures.wait: that never wakes for what was cancelled
        if self._upload is not None:
            self._upload.complete()

    def _send_part(self, upload: Upload, length: int) -> None:
        number = len(self._sent) + 1
        self._send(self._cut, length, lambda part: upload.add_part(number, part, length))
        self._cut += length

    def _send(self, offset: int, length: int, store: Callable[[BinaryIO], None]) -> None:
        def send() -> None:
            try:
                self._throttle.take(length)
                part = SpoolPart(self._outgoing.descriptor, offset, length, self._abandoned)
                store(io.BufferedReader(part, _SEND_BUFFER))
                self._outgoing.release(offset, length, punchable=self._punchable)
            except BaseException as error:
                self._on_failure(error)
                raise

        self._sent.append(self._senders.submit(send))


class _Observed(io.RawIOBase):
    """A stream whose bytes are shown to somebody as they pass."""

    def __init__(self, source: GrowingFile, observe: Callable[[memoryview], None]) -> None:
        super().__init__()
        self._source, self._observe = source, observe

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer cannot be indexed
        length = self._source.readinto(buffer)
        self._observe(memoryview(buffer)[:length])
        return length
