"""A migration is known by its text, and stands where Prisma puts it."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.ledger.migration import Migration, in_order


def test_its_checksum_is_of_the_bytes_of_the_file() -> None:
    body = "SELECT 'ä';\r\n".encode()

    assert Migration(name="a", body=body).checksum == hashlib.sha256(body).hexdigest()


def test_other_ends_of_lines_are_no_other_text() -> None:
    unix, windows = Migration(name="a", body=b"a;\nb;\n"), Migration(name="a", body=b"a;\r\nb;\r\n")

    assert unix.is_recorded_as(windows.checksum)
    assert windows.is_recorded_as(unix.checksum)
    assert not unix.is_recorded_as(Migration(name="a", body=b"a;b;\n").checksum)


def test_names_are_in_the_order_in_which_prisma_applies_them() -> None:
    # As `prisma migrate deploy` of Prisma 7.10 has applied them.
    applied = [
        "0_init",
        "20230101_a",
        "20230101120000_b",
        "20230101120001_a",
        "20230101120001_B",
        "20230101120001-b",
        "20261126090000_summary",
    ]

    assert sorted({*applied}, key=in_order) == applied


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,6}", fullmatch=True), unique=True))
def test_no_two_names_stand_at_the_same_place(names: list[str]) -> None:
    assert len({(tuple(ranks), tuple(capitals)) for ranks, capitals in map(in_order, names)}) == len(names)


def test_its_text_is_utf_8_and_its_way_back_has_a_checksum_of_its_own() -> None:
    there = Migration(name="a", body="SELECT 'ä';".encode(), down="SELECT 'ö';")

    assert there.sql == "SELECT 'ä';"
    assert there.down_checksum == hashlib.sha256("SELECT 'ö';".encode()).hexdigest()
    assert Migration(name="a", body=b"").down_checksum is None
