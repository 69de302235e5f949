"""Promises of the part sizes: S3's limits hold for every file, and most files have small parts."""

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.part_sizes import part_size

MIB, GIB, TIB = 1024**2, 1024**3, 1024**4
SMALLEST, LARGEST, PARTS = 5 * MIB, 5 * GIB, 10_000  # S3's limits
firsts = st.integers(SMALLEST, LARGEST)


@given(first=firsts)
def test_every_first_size_up_to_the_default_and_above_holds_a_5_tib_file(first: int) -> None:
    if first >= 8 * MIB:
        assert sum(part_size(number, first) for number in range(1, PARTS + 1)) >= 5 * TIB


@given(first=firsts, number=st.integers(1, PARTS))
def test_no_part_is_smaller_or_larger_than_s3_takes(first: int, number: int) -> None:
    assert SMALLEST <= part_size(number, first) <= LARGEST


@given(first=firsts, number=st.integers(1, PARTS - 1))
def test_parts_never_shrink(first: int, number: int) -> None:
    assert part_size(number + 1, first) >= part_size(number, first)


def test_a_file_below_8_gib_has_parts_of_the_first_size_only() -> None:
    assert {part_size(number, 8 * MIB) for number in range(1, 1001)} == {8 * MIB}
