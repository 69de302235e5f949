"""TokenFile: a password file of libpq's in which PostgreSQL's programs always find a token that is still good.

It lies in no directory, only in the memory of those who hold it open, so nothing of it is left when they are gone.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from dbops.errors import DbopsError, InvalidConnection

RENEWED_EVERY = 60.0
_ROOM = 4  # times the first token
_AT_LEAST = 4096
_ANYWHERE = b"*:*:*:*:"
_COMMENT = b"#"

log = logging.getLogger(__name__)


class TokenFile:
    """Within ``with``, a file for the programs that are started with ``environment`` and ``descriptors``.

    ``token`` is asked every minute; where it fails, what it gave before may still serve. None: there is no
    file, and both are empty. Raises the DbopsError of the first token.

    The file has two lines, of which libpq takes the first that is no comment. The one that is not taken is written,
    and then one byte decides: so nobody ever reads half a token.
    """

    def __init__(self, token: Callable[[], str] | None) -> None:
        self.environment: dict[str, str] = {}
        self.descriptors: Sequence[int] = ()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        if token is None:
            return
        self._token = token
        self._given = token()
        first = _line(self._given)
        self._room = max(_AT_LEAST, _ROOM * len(first))
        self._file = os.memfd_create("dbops-token", os.MFD_CLOEXEC)
        os.fchmod(self._file, 0o600)  # libpq ignores one that others may read
        os.pwrite(self._file, self._padded(first), 0)
        self._takes_first = True
        self.descriptors = (self._file,)
        self.environment = {"PGPASSFILE": f"/proc/self/fd/{self._file}"}
        threading.Thread(target=self._renew, daemon=True, name="token").start()

    def _renew(self) -> None:
        while not self._closed.wait(RENEWED_EVERY):
            try:
                token = self._token()
                with self._lock:
                    if not self._closed.is_set() and token != self._given:
                        self._give(token)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next one may be had
                why = error if isinstance(error, DbopsError) else type(error).__name__  # a foreign one may quote it
                log.warning("The token of a running program could not be renewed; it will be requested again: %s", why)

    def _give(self, token: str) -> None:
        line = self._padded(_line(token))
        if self._takes_first:
            os.pwrite(self._file, line, self._room)
            os.pwrite(self._file, _COMMENT, 0)
        else:
            os.pwrite(self._file, line[1:], 1)
            os.pwrite(self._file, line[:1], 0)
        self._given, self._takes_first = token, not self._takes_first

    def _padded(self, line: bytes) -> bytes:
        if len(line) > self._room:
            raise InvalidConnection(
                f"The new token has {len(line)} bytes, and the first one left room for {self._room}.", "Start anew."
            )
        return line.ljust(self._room, b"\n")

    def close(self) -> None:
        """Give it up, once; the programs that have it open keep what it holds."""
        with self._lock:
            if self.descriptors and not self._closed.is_set():
                os.close(self._file)
            self._closed.set()

    def __enter__(self) -> TokenFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line(token: str) -> bytes:
    escaped = token.replace("\\", "\\\\").replace(":", "\\:")
    return _ANYWHERE + escaped.encode() + b"\n"
