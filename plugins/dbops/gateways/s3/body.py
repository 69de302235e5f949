"""SentBody: a file on its way to the store."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from dbops.errors import BucketError


class SentBody:
    """Reads a seekable file for botocore, and keeps in ``raised`` what reading raised.

    botocore would take the disk's fault for the network's, and we would ask the store again.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.raised: Exception | None = None
        self.attempt = 0
        self.length = file.seek(0, os.SEEK_END)

    def expect(self, length: int) -> None:
        """Raise BucketError where it is not that long: the store would wait for bytes that never come."""
        if self.length != length:
            raise BucketError(f"A part was announced with {length} bytes and has {self.length}; it was not sent.")

    def begin_attempt(self) -> None:
        """Go to the beginning, to be sent (again)."""
        self._file.seek(0)
        self.attempt += 1

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes."""
        try:
            return self._file.read(size)
        except Exception as error:
            self.raised = error
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within it."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()


def send_at_once(params: dict[str, Any], **_event: Any) -> None:
    """Handles botocore's event before-call: the first attempt does not wait for "100 Continue", a round trip a part.

    A later attempt does, because only so it hears the reason of a store that refuses before it has read the body.
    """
    body = params.get("body")
    if isinstance(body, SentBody) and body.attempt == 1:
        params["headers"].pop("Expect", None)
