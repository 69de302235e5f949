"""EncryptedFile: what a file of the spool becomes for the bucket, in a spool of its own until the store has it.

On the disk, and not in memory, because a part is read again when it is sent again, and grows with its file.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

from dbops.errors import SpoolError
from dbops.gateways.age import Recipients, Source
from dbops.gateways.dump.spool import punch, spool_is_full

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class EncryptedFile:
    """``path`` must not exist yet, and does not before ``fill()``: of many files that wait, none holds a descriptor.

    ``descriptor`` is for whoever reads the parts, from the first block on.
    """

    def __init__(self, path: Path, recipients: Recipients) -> None:
        self._path, self._recipients = path, recipients
        self.descriptor = -1
        self._written = self._released = 0
        self._is_open = False
        self._lock = threading.Lock()
        self._take: Callable[[bytes], None] = lambda _: None

    @property
    def name(self) -> str:
        """What the bucket calls it too."""
        return self._path.name

    @property
    def written(self) -> int:
        """Bytes written so far."""
        return self._written

    @property
    def released(self) -> int:
        """Bytes that are stored, so that their disk space was given back."""
        return self._released

    def fill(self, source: Source, take: Callable[[bytes], None]) -> None:
        """Encrypt all of ``source``, and tell ``take`` of every block as soon as it can be read here.

        Raises SpoolError, and what ``source`` and ``take`` raise.
        """
        self._take = take
        try:
            self.descriptor = os.open(self._path, _NEW, 0o600)
        except OSError as error:
            raise self._refusal(error) from None
        self._is_open = True
        self._recipients.encrypt(source, self)

    def write(self, block: bytes) -> int:
        """Append a block; raises SpoolError."""
        left = memoryview(block)
        try:
            while left:
                left = left[os.pwrite(self.descriptor, left, self._written + len(block) - len(left)) :]
        except OSError as error:
            raise self._refusal(error) from None
        self._written += len(block)
        self._take(block)
        return len(block)

    def release(self, offset: int, length: int, *, punchable: bool) -> None:
        """These bytes are stored: give their disk space back, where the file system can."""
        if punchable:
            punch(self.descriptor, offset, length)
        with self._lock:
            self._released += length

    def discard(self) -> None:
        """Remove it from the spool."""
        self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the descriptor."""
        with self._lock:
            if self._is_open:
                os.close(self.descriptor)
                self._is_open = False

    def _refusal(self, error: OSError) -> SpoolError:
        if error.errno == errno.ENOSPC:
            return spool_is_full(self._path.parent)
        return SpoolError(
            f"The encrypted file cannot be written to the spool directory {self._path.parent}: {error.strerror}.",
            "Raise the limit of open files of this process, or of the machine."
            if error.errno in {errno.EMFILE, errno.ENFILE}
            else "Set backup.spool to a directory on a disk that works.",
        )
