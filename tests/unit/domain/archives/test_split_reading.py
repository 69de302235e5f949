"""Promises of the rule that says which tables several connections read, and which pages each of them takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.split_reading import PageRange, page_ranges, plan_split_reading

BIG, SMALL = ("public", "Summary"), ("public", "Tag")
SIZES = {BIG: 880, SMALL: 120}


def test_a_table_that_dominates_is_split_among_the_connections_that_the_rest_leaves() -> None:
    plan = plan_split_reading(SIZES, jobs=4, above=100, among=[BIG, SMALL])

    assert plan is not None
    assert (plan.tables, plan.readers, plan.workers) == ((BIG,), 3, 1)


def test_of_three_connections_two_read_a_table_that_dominates() -> None:
    plan = plan_split_reading(SIZES, jobs=3, above=100, among=[BIG, SMALL])

    assert plan is not None
    assert (plan.readers, plan.workers) == (2, 1)


def test_the_rest_of_the_database_keeps_its_share_of_the_connections() -> None:
    halves = {BIG: 500, SMALL: 100, ("public", "User"): 100, ("public", "Link"): 300}
    plan = plan_split_reading(halves, jobs=8, above=400, among=list(halves))

    assert plan is not None
    assert (plan.tables, plan.readers, plan.workers) == ((BIG,), 4, 4)


def test_a_table_whose_size_nobody_knows_is_left_to_pg_dump() -> None:
    plan = plan_split_reading({BIG: 1}, jobs=8, above=0, among=[BIG, SMALL])

    assert plan is not None
    assert plan.tables == (BIG,)


def test_two_connections_are_too_few_to_split_anything() -> None:
    assert plan_split_reading(SIZES, jobs=2, above=100, among=[BIG, SMALL]) is None


def test_nothing_is_split_below_the_limit_or_where_the_target_forbids_it() -> None:
    assert plan_split_reading(SIZES, jobs=4, above=880, among=[BIG]) is None
    assert plan_split_reading(SIZES, jobs=4, above=None, among=[BIG]) is None


def test_a_table_that_cannot_be_split_is_left_to_pg_dump() -> None:
    assert plan_split_reading(SIZES, jobs=4, above=100, among=[SMALL]) is None


def test_a_database_nobody_has_analyzed_yet_is_left_to_pg_dump() -> None:
    assert plan_split_reading({BIG: 0}, jobs=4, above=0, among=[BIG]) is None


@given(
    sizes=st.dictionaries(st.tuples(st.just("s"), st.text(max_size=3)), st.integers(0, 10**13), max_size=8),
    jobs=st.integers(1, 64),
    above=st.integers(0, 10**12),
)
def test_no_more_connections_read_than_were_asked_for(sizes: dict[tuple[str, str], int], jobs: int, above: int) -> None:
    plan = plan_split_reading(sizes, jobs=jobs, above=above, among=list(sizes))

    if plan is not None:
        assert plan.readers + plan.workers == jobs
        assert plan.readers >= 2
        assert plan.workers >= 1
        assert all(sizes[table] > max(above, sum(sizes.values()) / jobs) for table in plan.tables)


@given(pages=st.integers(0, 10**6), readers=st.integers(2, 64))
def test_every_page_is_read_exactly_once_and_so_is_whatever_came_behind_the_last(pages: int, readers: int) -> None:
    parts = page_ranges(pages, readers)

    assert len(parts) == readers
    ranges = sorted((part for each in parts for part in each), key=lambda part: part.first)
    assert ranges[0].first == 0
    assert [part.end for part in ranges[:-1]] == [part.first for part in ranges[1:]]
    assert ranges[-1].end is None
    assert ranges[-1].first <= max(0, pages)


def test_no_step_is_longer_than_64_mib_and_every_reader_of_a_small_table_has_several() -> None:
    large = [part for each in page_ranges(10**6, 2) for part in each]
    assert {part.end - part.first for part in large if part.end is not None} == {8192}
    assert [len(each) for each in page_ranges(1600, 2)] == [8, 8]
    assert page_ranges(1, 2) == [[PageRange(0, None)], []]
    assert page_ranges(3, 2) == [[PageRange(0, 1), PageRange(2, None)], [PageRange(1, 2)]]


def test_of_several_large_tables_the_largest_is_read_first() -> None:
    sizes = {("public", "a"): 400, ("public", "b"): 500, ("public", "c"): 100}
    plan = plan_split_reading(sizes, jobs=4, above=0, among=list(sizes))
    assert plan is not None
    assert (plan.tables, plan.readers, plan.workers) == ((("public", "b"), ("public", "a")), 3, 1)


def test_a_table_of_just_one_connections_share_is_not_split() -> None:
    halves = {("public", "a"): 500, ("public", "b"): 500}
    assert plan_split_reading(halves, jobs=2, above=0, among=list(halves)) is None
    quarter = {("public", "a"): 250, ("public", "b"): 750}
    plan = plan_split_reading(quarter, jobs=4, above=0, among=list(quarter))
    assert plan is not None
    assert plan.tables == (("public", "b"),)
