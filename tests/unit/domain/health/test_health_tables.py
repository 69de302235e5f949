"""The cache, dead rows, tables nobody has vacuumed, and bloat: where each begins to be a worry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.health.bloat import Stored, index_bloat, table_bloat
from dbops.domain.health.cache import CacheUse, cache_hits
from dbops.domain.health.concern import HealthServer
from dbops.domain.health.tables import TableRows, dead_rows, never_maintained

SERVER = HealthServer(role="watcher", autovacuum=True, counted_seconds=86_400.0, statements_view=None)
MIB = 1024**2


def table(live: int, dead: int = 0, **more: Any) -> TableRows:
    fields = {
        "schema": "public",
        "name": "orders",
        "autovacuum": True,
        "never_vacuumed": False,
        "never_analyzed": False,
    }
    return TableRows(live=live, dead=dead, **{**fields, **more})


def stored(pages: int, rows: float, **more: Any) -> Stored:
    fields = {
        "schema": "public", "name": "orders", "page_bytes": 8192, "fillfactor": 100, "columns": 3, "width": 68.0,
        "nulls": False, "described": True, "readable": True,
    }  # fmt: skip
    return Stored(pages=pages, rows=rows, **{**fields, **more})


@pytest.mark.parametrize(
    ("hits", "reads", "status"),
    [(0, 99_999, "ok"), (0, 100_000, "warning"), (95_000, 5_000, "ok"), (94_999, 5_001, "warning")],
)
def test_the_cache_is_judged_from_a_hundred_thousand_blocks_on(hits: int, reads: int, status: str) -> None:
    item = cache_hits(CacheUse(hits, reads, 128 * MIB, 1024 * MIB), SERVER)
    assert item.status == status
    assert "counted for 1d" in item.value
    assert item.value.startswith("95.0 %") == (hits == 95_000), "what is below the line does not look as if it were not"


def test_the_remedy_for_a_cold_cache_depends_on_what_would_fit() -> None:
    assert "up to a quarter" in cache_hits(CacheUse(0, 10**6, 128 * MIB, 1024 * MIB), SERVER).remedy
    assert "would hold the whole database" in cache_hits(CacheUse(0, 10**6, 1024 * MIB, 128 * MIB), SERVER).remedy


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (table(40_000, 10_000), "warning"),
        (table(40_001, 10_000), "ok"),
        (table(0, 9_999), "ok"),
        (table(0, 10_000), "warning"),
    ],
)
def test_dead_rows_count_by_number_and_by_share(one: TableRows, status: str) -> None:
    assert dead_rows([one], SERVER).status == status


def test_the_worst_tables_come_first_and_those_without_autovacuum_get_it_back() -> None:
    off = table(10_000, 30_000, name="b", autovacuum=False)
    item = dead_rows([table(20_000, 20_000, name="a"), off, table(100_000, 20_000, name="fine")], SERVER)
    assert item.value == "public.b: 30,000 dead (75 %), public.a: 20,000 dead (50 %)"
    assert item.remedy.endswith("It is switched off for public.b.")
    assert item.sql.splitlines() == [
        'ALTER TABLE "public"."b" RESET (autovacuum_enabled);',
        'VACUUM (VERBOSE, ANALYZE) "public"."b";',
        'VACUUM (VERBOSE, ANALYZE) "public"."a";',
    ]
    on = dead_rows([replace(off, autovacuum=True)], replace(SERVER, autovacuum=False))
    assert "switched off for" not in on.remedy
    assert on.sql.splitlines()[0] == "ALTER SYSTEM SET autovacuum = on;"


def test_where_no_table_is_a_worry_the_worst_is_named() -> None:
    assert dead_rows([table(9, 3), table(9, 5, name="most"), table(9)], SERVER).value == "at most 5, in public.most"
    assert dead_rows([table(9)], SERVER).value == dead_rows([], SERVER).value == "none to speak of"


def test_each_table_is_vacuumed_or_analyzed_once_the_largest_first() -> None:
    both = table(20_000, name="b", never_vacuumed=True, never_analyzed=True)
    found = [table(5_000, name="a", never_analyzed=True), both, table(30_000, name="c", never_vacuumed=True)]
    item = never_maintained(found)
    assert item.value == (
        "never analyzed: public.b (20,000 rows), public.a (5,000 rows); "
        "never vacuumed: public.c (30,000 rows), public.b (20,000 rows)"
    )
    assert item.sql.splitlines() == [
        'VACUUM (ANALYZE) "public"."c";',
        'VACUUM (ANALYZE) "public"."b";',
        'ANALYZE "public"."a";',
    ]
    assert item.remedy.startswith("Do it once now")


def test_a_server_without_autovacuum_is_a_worry_before_any_row_is_dead() -> None:
    item = dead_rows([], replace(SERVER, autovacuum=False))
    assert (item.status, item.value) == ("warning", "autovacuum is off")
    assert item.sql == "ALTER SYSTEM SET autovacuum = on;"


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (table(999, never_analyzed=True), "none"),
        (table(1_000, never_analyzed=True), "never analyzed: public.orders (1,000 rows)"),
        (table(9_999, never_vacuumed=True), "none"),
        (table(10_000, never_vacuumed=True), "never vacuumed: public.orders (10,000 rows)"),
    ],
)
def test_tables_with_few_rows_need_neither_vacuum_nor_analyze(one: TableRows, value: str) -> None:
    assert never_maintained([one]).value == value


# A row of 68 bytes takes 24 of header, 72 of data and a pointer of 4: 81 of them a page, without fillfactor.
@pytest.mark.parametrize(
    ("one", "status"),
    [
        (stored(10_240, 81 * 6_144), "warning"),
        (stored(10_240, 81 * 6_145), "ok"),
        (stored(4_096, 0), "warning"),
        (stored(4_095, 0), "ok"),
        (stored(10_240, 81 * 6_144, fillfactor=90), "ok"),
        (stored(10_240, -1), "ok"),
        (stored(10_240, 0, described=False), "ok"),
        (stored(10_240, 0, described=False, readable=False), "unknown"),
    ],
)
def test_a_table_is_bloated_from_two_fifths_and_32_mib_on(one: Stored, status: str) -> None:
    assert table_bloat([one], SERVER).status == status


def test_nulls_and_widths_make_a_row_as_large_as_the_server_does() -> None:
    assert stored(1, 81_000).table_pages == 1_000
    assert stored(1, 81_000, nulls=True).table_pages == 1_000, "a bitmap of 3 columns fits into the header's padding"
    assert stored(1, 75_000, nulls=True, columns=9).table_pages == 1_000
    assert stored(1, 81_000, columns=9).table_pages == 1_000, "without NULLs there is no bitmap"
    assert stored(1, 3, width=9_000.0).table_pages == 3
    # 8 of header, 72 of data, a pointer of 4: 97 a page of which 90 % are filled is 87
    assert stored(1, 87_000, fillfactor=90).index_pages == 1_011
    assert stored(1, 88_000, nulls=True).index_pages == 1_011
    # 8 of header, 4,080 of data, a pointer of 4: two would need 8,184, and a page has 8,152 for them
    assert stored(1, 201, width=4_080.0).index_pages == 1 + 201 + 3


@pytest.mark.parametrize("bloat", [table_bloat, index_bloat])
def test_what_could_not_be_seen_is_counted_whatever_else_was_found(bloat: Any) -> None:
    hidden, empty = stored(10_240, 0, described=False, readable=False), stored(10_240, 0)
    assert (bloat([], SERVER).status, bloat([], SERVER).value) == ("ok", "none to speak of")
    for others, status, value in (
        ([], "unknown", "none to speak of; 1 large one not seen"),
        ([hidden], "unknown", "none to speak of; 2 large ones not seen"),
        ([empty], "warning", "; 1 large one not seen"),
    ):
        found = bloat([hidden, *others], SERVER)
        assert (found.status, found.value.endswith(value)) == (status, True)


def test_what_has_most_that_is_empty_comes_first() -> None:
    half, less, all_of_it = (
        stored(40_960, 81 * 20_480),
        stored(10_240, 81 * 6_144, name="b"),
        stored(5_120, 0, name="c"),
    )
    assert table_bloat([less, half, all_of_it], SERVER).value == (
        "public.orders: about 160.0 MiB (50 %), public.c: about 40.0 MiB (100 %), public.b: about 32.0 MiB (40 %)"
    )


def test_a_bloated_index_is_built_anew_and_a_bloated_table_measured_first() -> None:
    odd = stored(10_240, 0, name="it's")
    assert table_bloat([odd], SERVER).sql == """SELECT * FROM pgstattuple_approx('"public"."it''s"');"""
    assert index_bloat([odd], SERVER).sql == 'REINDEX INDEX CONCURRENTLY "public"."it\'s";'
    assert index_bloat([odd], SERVER).value == "public.it's: about 80.0 MiB (99 %)"
