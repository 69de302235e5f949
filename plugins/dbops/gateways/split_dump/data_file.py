"""DataFile: the data file of a table that several sessions read, as pg_dump would have written it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from backports import zstd

from dbops.gateways.dump.brake import Brake
from dbops.gateways.dump.copy_rows import NEWLINE, TRAILER


class DataFile:
    """A table's data file while it is written: rows from several threads, one zstd stream."""

    def __init__(self, path: Path, level: int, readers: int, brake: Brake) -> None:
        self.path = path
        self._brake = brake
        self.rows = self.bytes = 0
        self.is_closed = False
        self._readers = readers
        self._stream = zstd.ZstdCompressor(level=level)
        self._lock = threading.Lock()
        self._file: BinaryIO = path.open("xb", buffering=0)

    def add(self, rows: memoryview) -> None:
        """Add whole rows."""
        # Five times as fast as bytes.count, and every row of the table passes here.
        count = int(np.count_nonzero(np.frombuffer(rows, np.uint8) == NEWLINE))
        with self._lock:
            self.rows += count
            self.bytes += len(rows)
            self._write(self._stream.compress(rows))

    def end_reader(self) -> None:
        """One reader has read its part; the last one ends the file as pg_dump ends a table."""
        with self._lock:
            self._readers -= 1
            if not self._readers:
                self._write(self._stream.compress(TRAILER) + self._stream.flush())
                self.close()
                self.is_closed = True

    def _write(self, compressed: bytes) -> None:
        self._brake.spend(len(compressed))
        left = memoryview(compressed)
        while left:
            left = left[self._file.write(left) or 0 :]

    def close(self) -> None:
        """Close it, whole or not."""
        self._file.close()
