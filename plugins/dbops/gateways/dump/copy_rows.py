r"""Counts the rows of a table in its pg_dump data file while the file streams by.

A data file is a zstd stream of COPY text. COPY escapes every newline within a value, so a line is a row, except for
the trailer that pg_dump writes: ``\.`` and two empty lines. A file without exactly that trailer is not whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from backports import zstd

from dbops.gateways.dump.unfinished_dump import unfinished_dump

TRAILER = b"\\.\n\n\n"
NEWLINE = ord("\n")
_BLOCK = 256 * 1024

Piece = bytes | memoryview


class RowCounter:
    """Counts one data file, piece by piece; ``rows`` and ``bytes`` (of COPY text) are right after ``finish``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._newlines = self._bytes = 0
        self._tail = b""
        self._frames = _Frames()

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return self._newlines - TRAILER.count(b"\n")

    @property
    def bytes(self) -> int:
        """Bytes of COPY text read so far, without the trailer."""
        return max(0, self._bytes - len(TRAILER))

    def feed(self, piece: Piece) -> None:
        """Take the file's next piece; raises DumpFailed, naming the file, where it cannot be decompressed."""
        try:
            for block in self._frames.text_of(piece):
                # Five times as fast as bytes.count, and every row of the database passes here.
                self._newlines += int(np.count_nonzero(np.frombuffer(block, np.uint8) == NEWLINE))
                self._bytes += len(block)
                self._tail = (self._tail + block[-len(TRAILER) :])[-len(TRAILER) :]
        except zstd.ZstdError as error:
            raise unfinished_dump(f"The archive's file {self._name} is not a valid zstd stream: {error}.") from None

    def finish(self) -> None:
        """There is no more; raises DumpFailed, naming the file, where it is not a whole data file."""
        del self._frames  # it holds a window of decompressed text, and tables may be thousands
        if self._tail != TRAILER:
            raise unfinished_dump(
                f"The archive's file {self._name} does not end as pg_dump ends a table: it is not whole."
            )


class _Frames:
    """A stream of one or more zstd frames, decompressed piece by piece."""

    def __init__(self) -> None:
        self._frame = zstd.ZstdDecompressor()

    def text_of(self, compressed: Piece) -> Iterator[bytes]:
        """The text of the next piece, in blocks of bounded size however well it compresses."""
        while compressed:
            yield self._frame.decompress(compressed, _BLOCK)
            while not (self._frame.needs_input or self._frame.eof):
                yield self._frame.decompress(b"", _BLOCK)
            compressed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = zstd.ZstdDecompressor()
