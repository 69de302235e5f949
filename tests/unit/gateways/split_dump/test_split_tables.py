r"""Promises of the rows that several sessions hand over: none is torn, none is lost, and the file ends as pg_dump's."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from backports import zstd

from dbops.gateways.dump.brake import Brake
from dbops.gateways.split_dump import split_tables
from dbops.gateways.split_dump.data_file import DataFile
from dbops.gateways.split_dump.split_tables import Rows, Stopped

TRAILER = b"\\.\n\n\n"


def read_through_a_pipe(tmp_path: Path, pieces: Iterable[bytes]) -> tuple[DataFile, bytes]:
    """What becomes of the pieces that one session writes, one at a time."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    brake, stopped = Brake(sys.maxsize), threading.Event()
    file = DataFile(tmp_path / "1.dat.zst", 1, readers=1, brake=brake)
    with Rows(pipe, brake, stopped) as rows:
        writer = threading.Thread(target=_write, args=(pipe, pieces))
        writer.start()
        rows.copy(file)
        writer.join()
    return file, zstd.decompress(file.path.read_bytes())


def _write(pipe: Path, pieces: Iterable[bytes]) -> None:
    with pipe.open("wb", buffering=0) as end:
        for piece in pieces:
            end.write(piece)


def test_rows_that_arrive_in_pieces_are_whole_and_counted(tmp_path: Path) -> None:
    text = b"1\tone\n2\ttw\\no\n3\t\\\\.\n\n"

    file, written = read_through_a_pipe(tmp_path, [bytes([byte]) for byte in text + b"\\.\n"])

    assert written == text + TRAILER
    assert (file.rows, file.bytes, file.is_closed) == (4, len(text), True)


def test_a_part_without_rows_ends_at_once(tmp_path: Path) -> None:
    file, written = read_through_a_pipe(tmp_path, [b"\\.\n"])

    assert (written, file.rows, file.bytes) == (TRAILER, 0, 0)


def test_a_row_larger_than_every_buffer_passes_whole(tmp_path: Path) -> None:
    row = b"x" * (5 * split_tables.BUFFER + 7) + b"\n"

    file, written = read_through_a_pipe(tmp_path, [b"1\n", row, b"2\n", b"\\.\n"])

    assert written == b"1\n" + row + b"2\n" + TRAILER
    assert file.rows == 3


def test_a_row_that_ends_like_the_last_line_is_a_row(tmp_path: Path) -> None:
    file, written = read_through_a_pipe(tmp_path, [b"a\\\\.\n", b"\\N\n", b"\\.\n"])

    assert written == b"a\\\\.\n\\N\n" + TRAILER
    assert file.rows == 2


def test_the_file_is_whole_only_when_the_last_reader_has_ended(tmp_path: Path) -> None:
    file = DataFile(tmp_path / "1.dat.zst", 1, readers=2, brake=Brake(sys.maxsize))
    file.add(memoryview(b"1\n"))
    file.end_reader()
    assert not file.is_closed

    file.add(memoryview(b"2\n"))
    file.end_reader()

    assert file.is_closed
    assert zstd.decompress(file.path.read_bytes()) == b"1\n2\n" + TRAILER


def test_nobody_waits_for_a_session_that_will_never_write_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    brake, stopped = Brake(sys.maxsize), threading.Event()
    stopped.set()
    file = DataFile(tmp_path / "1.dat.zst", 1, readers=1, brake=Brake(sys.maxsize))

    with Rows(pipe, brake, stopped) as rows, pytest.raises(Stopped):
        rows.copy(file)

    file.close()
