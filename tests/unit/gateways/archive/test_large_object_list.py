"""Promise: of a list of large objects only lines as pg_dump writes them reach pg_restore, however it arrives."""

from __future__ import annotations

import pytest

from dbops.gateways.archive.large_object_list import LargeObjectList

LIST = b"16400 blob_16400.dat\n4294967295 blob_4294967295.dat\n"


def passed_on(body: bytes, length: int) -> tuple[bytes, bool]:
    passed: list[bytes] = []
    listed = LargeObjectList(passed.append)
    for at in range(0, len(body), length):
        listed.take(body[at : at + length])
    return b"".join(passed), listed.is_genuine


@pytest.mark.parametrize("length", [1, 7, 1000])
@pytest.mark.parametrize("body", [LIST, b""])
def test_a_genuine_list_passes_unchanged(body: bytes, length: int) -> None:
    assert passed_on(body, length) == (body, True)


@pytest.mark.parametrize("length", [1, 7, 1000])
@pytest.mark.parametrize(
    "line",
    [
        b"1 ../../etc/passwd\n",
        b"1 /etc/passwd\n",
        b"1 blob_1.dat /etc/passwd\n",
        b"1 blob_1.dat\r/etc/passwd\n",
        b"1\nblob_1.dat\n",
        b"1 blob_1.dat",
        b"1 " + b"x" * 5000,
        b"\n",
    ],
)
def test_a_foreign_line_is_not_passed_on_and_neither_is_what_follows(line: bytes, length: int) -> None:
    passed, is_genuine = passed_on(LIST + line + (LIST if line.endswith(b"\n") else b""), length)

    assert not is_genuine
    assert LIST.startswith(passed)
