"""GrowingFile: a spool file that pg_dump is still writing, read as a stream that ends when pg_dump closes the file."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

from dbops.gateways.dump.spool import Abandoned, punch

_POLL = 0.02


class GrowingFile(io.RawIOBase):
    """Reads wait for more until ``finish()``; ``abandoned`` ends them with Abandoned. One reader, any thread."""

    def __init__(self, path: Path, abandoned: threading.Event) -> None:
        super().__init__()
        self.path = path
        self.seen = time.monotonic()
        self.descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._abandoned = abandoned
        self._finished = threading.Event()
        self._position = 0
        self._released = 0
        self._lock = threading.Lock()

    @property
    def is_finished(self) -> bool:
        """Whether pg_dump has closed it."""
        return self._finished.is_set()

    def finish(self) -> None:
        """pg_dump has closed it: what is there now is all."""
        self._finished.set()

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._position

    @property
    def released(self) -> int:
        """Bytes that are stored, so that their disk space was given back."""
        return self._released

    @property
    def written(self) -> int:
        """Bytes written so far."""
        with self._lock:
            return self._position if self.closed else os.fstat(self.descriptor).st_size

    def release(self, offset: int, length: int, *, punchable: bool) -> None:
        """These bytes are stored: give their disk space back, where the file system can."""
        if punchable:
            punch(self.descriptor, offset, length)
        with self._lock:
            self._released += length

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer cannot be indexed
        """Read what is there; wait while nothing is; 0 at the end of the finished file."""
        while True:
            finished = self._finished.is_set()  # asked before the read: what is written later is not missed
            if self._abandoned.is_set():
                raise Abandoned
            if length := os.preadv(self.descriptor, [buffer], self._position):
                self._position += length
                return length
            if finished:
                return 0
            self._finished.wait(_POLL)

    def discard(self) -> None:
        """Remove it from the spool."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the descriptor."""
        with self._lock:
            if not self.closed:
                os.close(self.descriptor)
            super().close()
