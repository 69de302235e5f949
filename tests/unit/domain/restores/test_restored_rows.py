"""Promise: no row is missing unnoticed, whichever partitions a restored table has distributed its rows to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.restored_rows import differing_rows, loaded_by_others

ROOT = ("crm", "felt")
ONE, TWO = ("crm", "felt_1"), ("crm", "felt_2")
ALONE = ("crm", "users")


def has(table: tuple[str, str], rows: int | None) -> TableEntry:
    return TableEntry(*table, rows, 0)


def findings(
    expected: list[TableEntry],
    counts: dict[tuple[str, str], int],
    *,
    loaded_by: tuple[tuple[str, str], ...] = (ONE, TWO),
    partitions: tuple[tuple[str, str], ...] = (ONE, TWO),
) -> list[str]:
    return list(
        differing_rows(
            expected, counts, loaded_by=dict.fromkeys(loaded_by, ROOT), partitions=dict.fromkeys(partitions, ROOT)
        )
    )


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_of_partitions_that_are_loaded_by_their_root_the_sum_decides(
    one: int, two: int, first: int, second: int
) -> None:
    found = findings([has(ONE, one), has(TWO, two)], {ONE: first, TWO: second})

    told = f"The partitions of table crm.felt have {first + second} rows together; the backup has {one + two}."
    assert found == ([] if one + two == first + second else [told])


@given(st.integers(0, 50), st.integers(0, 50))
def test_of_every_other_table_its_own_rows_decide(rows: int, found: int) -> None:
    told = f"Table crm.users has {found} rows; the backup has {rows}."

    assert findings([has(ALONE, rows)], {ALONE: found}, loaded_by=(), partitions=()) == (
        [] if rows == found else [told]
    )


def test_partitions_that_are_loaded_by_themselves_are_compared_one_by_one() -> None:
    assert findings([has(ONE, 3), has(TWO, 5)], {ONE: 5, TWO: 3}, loaded_by=()) == [
        "Table crm.felt_1 has 5 rows; the backup has 3.",
        "Table crm.felt_2 has 3 rows; the backup has 5.",
    ]


def test_rows_that_went_into_a_partition_whose_own_were_left_out_are_counted() -> None:
    assert findings([has(ONE, 8), has(TWO, None)], {ONE: 3, TWO: 5}, loaded_by=(ONE,)) == []


def test_a_partition_beside_them_that_is_loaded_by_itself_counts_in_the_sum_and_by_itself() -> None:
    assert findings([has(ONE, 3), has(TWO, 5)], {ONE: 3, TWO: 5}, loaded_by=(ONE,)) == []
    assert findings([has(ONE, 3), has(TWO, 5)], {ONE: 4, TWO: 4}, loaded_by=(ONE,)) == [
        "Table crm.felt_2 has 4 rows; the backup has 5."
    ]


def test_a_partition_that_is_missing_is_told_and_its_rows_are_missed() -> None:
    assert findings([has(ONE, 3), has(TWO, 5)], {ONE: 3}, partitions=(ONE,)) == [
        "Table crm.felt_2 is missing; the backup has it with 5 rows.",
        "The partitions of table crm.felt have 3 rows together; the backup has 8.",
    ]


def test_it_is_by_the_copy_statement_that_a_table_is_loaded_by_another() -> None:
    def rows(name: str, copy: str) -> TocEntry:
        return TocEntry(dump_id=1, kind="TABLE DATA", schema="crm", name=name, copy_statement=copy)

    assert loaded_by_others(
        [
            rows("felt_1", 'COPY crm."all of it" (id) FROM stdin;\n'),
            rows("felt_2", "COPY crm.felt_2 (id) FROM stdin;\n"),
            rows("nothing", "COPY crm.nothing  FROM stdin;\n"),
            TocEntry(dump_id=2, kind="TABLE", schema="crm", name="felt_1"),
        ]
    ) == {("crm", "felt_1"): ("crm", "all of it")}


def test_after_a_table_whose_rows_are_not_known_the_others_are_compared_too() -> None:
    assert findings([has(TWO, None), has(ALONE, 5)], {TWO: 0, ALONE: 4}, loaded_by=(), partitions=()) == [
        "Table crm.users has 4 rows; the backup has 5."
    ]


def test_the_partitions_of_each_table_are_counted_apart() -> None:
    other, its = ("crm", "rings"), ("crm", "rings_1")
    found = differing_rows(
        [has(ONE, 3), has(its, 4), has(ALONE, 1)],
        {ONE: 4, its: 3, ALONE: 1},
        loaded_by={ONE: ROOT, its: other},
        partitions={ONE: ROOT, its: other},
    )
    assert list(found) == [
        "The partitions of table crm.felt have 4 rows together; the backup has 3.",
        "The partitions of table crm.rings have 3 rows together; the backup has 4.",
    ]
