"""Unused, duplicate and INVALID indexes: which are named, and what is proposed for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.health.concern import HealthServer
from dbops.domain.health.indexes import InvalidIndex, TwinIndex, UnusedIndex, duplicate, invalid, unused

SERVER = HealthServer(role="watcher", autovacuum=True, counted_seconds=None, statements_view=None)
WEEK = 7 * 86_400.0


def idle(scans: int = 1_000, **more: Any) -> UnusedIndex:
    fields = {"schema": "public", "table_name": "orders", "bytes": 2 * 1024**2, "partitioned": False}
    return UnusedIndex(**{**fields, "name": "i", "table_scans": scans, "leads_with_key": False, **more})


def twin(name: str, **more: Any) -> TwinIndex:
    fields = {
        "twin": 1, "schema": "public", "table_name": "orders", "is_primary": False, "is_unique": False,
        "is_immediate": True, "is_valid": True, "is_needed": False, "constraint_name": None, "scans": 0,
        "partitioned": False, "bytes": 8192,
    }  # fmt: skip
    return TwinIndex(**{**fields, "name": name, **more})


@pytest.mark.parametrize(("scans", "status"), [(999, "ok"), (1_000, "warning")])
def test_an_index_is_unused_once_its_table_was_asked_often_enough(scans: int, status: str) -> None:
    assert unused([idle(scans)], SERVER).status == status


@pytest.mark.parametrize(("seconds", "status"), [(None, "warning"), (WEEK - 1, "ok"), (WEEK, "warning")])
def test_nothing_is_unused_before_a_week_was_counted(seconds: float | None, status: str) -> None:
    assert unused([idle()], replace(SERVER, counted_seconds=seconds)).status == status


def test_the_index_of_a_foreign_key_is_named_and_its_drop_not_proposed() -> None:
    item = unused([idle(), idle(name="parent", leads_with_key=True), idle(name="whole", partitioned=True)], SERVER)
    assert "public.orders.parent (2.0 MiB, of a foreign key)" in item.value
    assert item.sql == 'DROP INDEX CONCURRENTLY "public"."i";\nDROP INDEX "public"."whole";'
    assert item.remedy == (
        "Each makes every write slower. Look on the replicas first, for each server counts its own queries, and think "
        "of reports that run once a month; then drop them. Keep that of a foreign key where rows are deleted that it "
        "refers to."
    )


def test_unused_ones_are_told_the_largest_first_and_by_which_count() -> None:
    large, small = idle(name="large", bytes=3 * 1024**2), idle(name="small")
    told = "public.orders.large (3.0 MiB), public.orders.small (2.0 MiB), counted"
    assert unused([small, large], SERVER).value == f"{told} since the database was created"
    assert unused([small, large], replace(SERVER, counted_seconds=60.0)).value == (f"too early to judge: {told} for 1m")
    assert unused([idle(999)], SERVER).value == "none, counted since the database was created"
    assert "foreign key" not in unused([small], SERVER).remedy


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        (twin("pkey", is_primary=True, is_unique=True, constraint_name="pkey"), twin("a")),
        (twin("pkey", is_primary=True, is_unique=True, constraint_name="pkey"), twin("a", is_unique=True, scans=99)),
        (twin("u", is_unique=True), twin("a", scans=99)),
        (twin("u", is_unique=True), twin("a", is_unique=True, is_valid=False)),
        (twin("u", is_unique=True, constraint_name="u"), twin("a", is_unique=True, scans=99)),
        (twin("b", scans=5), twin("a", scans=4)),
        (twin("a"), twin("b")),
        (twin("e", is_needed=True), twin("a", scans=99)),
    ],
)
def test_what_enforces_most_is_kept(kept: TwinIndex, dropped: TwinIndex) -> None:
    for order in ([kept, dropped], [dropped, kept]):
        item = duplicate(order)
        assert item.status == "warning"
        assert item.sql == f'DROP INDEX CONCURRENTLY "public"."{dropped.name}";'


def test_a_unique_constraint_that_can_wait_gives_way_to_one_that_cannot() -> None:
    late = twin("late", is_unique=True, is_immediate=False, constraint_name="late")
    item = duplicate([late, twin("now", is_unique=True)])
    assert item.sql == 'ALTER TABLE "public"."orders" DROP CONSTRAINT "late";'


def test_the_index_of_a_partitioned_table_is_dropped_as_such_a_one_can_be() -> None:
    item = duplicate([twin("a", partitioned=True), twin("b", partitioned=True, bytes=10)])
    assert item.sql == 'DROP INDEX "public"."b";'
    assert item.remedy == "Drop those that are there again: 10 B, and every write is faster."


def test_two_that_are_both_needed_stay() -> None:
    item = duplicate([twin("a", is_needed=True), twin("b", is_needed=True)])
    assert (item.status, item.value) == ("ok", "a and b of public.orders, both needed")


def test_it_says_how_much_room_is_won_by_those_that_can_go_and_of_what_is_needed_too() -> None:
    needed = [twin("n", twin=0, is_needed=True), twin("m", twin=0, is_needed=True)]
    item = duplicate([twin("a"), twin("b"), twin("c"), *needed])
    assert "16.0 KiB" in item.remedy
    assert (
        item.value
        == "m and n of public.orders, both needed, b of public.orders is a again, c of public.orders is a again"
    )
    assert item.sql == 'DROP INDEX CONCURRENTLY "public"."b";\nDROP INDEX CONCURRENTLY "public"."c";'
    assert (duplicate([twin("a"), twin("b", twin=2)]).status, duplicate([]).value) == ("ok", "none")


def test_twins_of_two_tables_are_not_mixed() -> None:
    item = duplicate([twin("a"), twin("b"), twin("c", twin=2, table_name="x"), twin("d", twin=2, table_name="x")])
    assert item.value == "b of public.orders is a again, d of public.x is c again"


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("i", 'REINDEX INDEX CONCURRENTLY "public"."i";'),
        ("i_ccnew", 'DROP INDEX CONCURRENTLY "public"."i_ccnew";'),
        ("i_ccnewX", 'REINDEX INDEX CONCURRENTLY "public"."i_ccnewX";'),
        ("i_ccold2", 'DROP INDEX CONCURRENTLY "public"."i_ccold2";'),
    ],
)
def test_what_a_rebuild_has_left_is_dropped_and_any_other_invalid_index_built_anew(name: str, sql: str) -> None:
    one = InvalidIndex(schema="public", name=name, table_name="orders", building=False, any_build=False)
    assert invalid([one], SERVER).sql == sql


def broken(name: str, *, building: bool | None, any_build: bool = True) -> InvalidIndex:
    return InvalidIndex(schema="public", name=name, table_name="orders", building=building, any_build=any_build)


def test_an_index_that_is_being_built_has_not_failed() -> None:
    item = invalid([broken("new", building=True)], SERVER)
    assert (item.status, item.value) == ("ok", "public.orders.new: being built")
    both = invalid([broken("new", building=True), broken("old", building=False)], SERVER)
    assert (both.status, both.value) == ("warning", "public.orders.old")
    assert both.remedy == (
        "No query uses them, and every write keeps them up. Build them anew (a unique one only succeeds without "
        "duplicates), or drop them."
    )
    assert "new" not in both.sql
    assert (invalid([], SERVER).status, invalid([], SERVER).value) == ("ok", "none")


def test_whether_it_failed_or_is_being_built_is_unknown_only_while_something_is_built_that_we_may_not_see() -> None:
    item = invalid([broken("new", building=None)], SERVER)
    assert (item.status, item.value) == ("unknown", "public.orders.new: failed or being built")
    assert item.sql == 'GRANT pg_monitor TO "watcher";'
    assert invalid([broken("new", building=None, any_build=False)], SERVER).status == "warning"
