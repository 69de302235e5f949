"""Promises of the row counter: exactly the rows that are there, and never a file that is not whole."""

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from dbops.errors import DumpFailed
from dbops.gateways.dump.copy_rows import RowCounter

TRAILER = b"\\.\n\n\n"
lines = st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"\\n").replace(b"\\.", b"\\\\.")))


def counted(body: bytes, step: int = 1000) -> RowCounter:
    counter = RowCounter("1.dat.zst")
    for start in range(0, len(body), step):
        counter.feed(memoryview(body)[start : start + step])
    counter.finish()
    return counter


@given(rows=lines, step=st.integers(1, 50))
def test_a_row_is_a_line_however_the_stream_is_cut(rows: list[bytes], step: int) -> None:
    text = b"".join(row + b"\n" for row in rows)
    counter = counted(zstd.compress(text + TRAILER), step)
    assert (counter.rows, counter.bytes) == (len(rows), len(text))


def test_a_stream_of_several_frames_is_one_table() -> None:
    body = zstd.compress(b"a\nb\n") + zstd.compress(b"c\n" + TRAILER)
    assert counted(body).rows == 3


def test_a_table_larger_than_any_buffer_is_counted_whole() -> None:
    text = b"x" * 99 + b"\n"
    assert counted(zstd.compress(text * 50_000 + TRAILER), 70_000).rows == 50_000


@pytest.mark.parametrize("end", [b"", b"\\.\n", b"\\.\n\n", b"\\.\n\n\n\n", b"\\.\n\n\nx\n"])
def test_any_other_end_is_an_error_that_names_the_file(end: bytes) -> None:
    with pytest.raises(DumpFailed, match=r"1\.dat\.zst does not end as pg_dump ends a table"):
        counted(zstd.compress(b"a\n" + end))


def test_a_stream_cut_short_is_an_error() -> None:
    whole = zstd.compress(bytes(range(256)) * 400 + b"\n" + TRAILER)
    with pytest.raises(DumpFailed, match="not whole"):
        counted(whole[: len(whole) // 2])


def test_what_is_not_zstd_is_an_error() -> None:
    with pytest.raises(DumpFailed, match="not a valid zstd stream"):
        counted(b"this is no zstd stream at all")
