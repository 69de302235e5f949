"""Promise: what is chosen of an archive comes up by itself, and what cannot stays behind and is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.archives.selection import select
from dbops.domain.archives.toc_entry import TocEntry

USERS = TocEntry(dump_id=1, kind="TABLE", schema="auth", name="users")
ORDERS = TocEntry(dump_id=2, kind="TABLE", schema="crm", name="orders")
KEY = TocEntry(dump_id=3, kind="CONSTRAINT", schema="auth", name="users users_pkey", depends_on=(1,))
VIEW = TocEntry(dump_id=4, kind="VIEW", schema="crm", name="buyers", depends_on=(1, 2))
USERS_ROWS = TocEntry(dump_id=5, kind="TABLE DATA", schema="auth", name="users", file="5.dat", depends_on=(1,))
ORDERS_ROWS = TocEntry(dump_id=6, kind="TABLE DATA", schema="crm", name="orders", file="6.dat", depends_on=(2,))
FOREIGN_KEY = TocEntry(dump_id=7, kind="FK CONSTRAINT", schema="crm", name="orders buyer", depends_on=(2, 3, 1))
ALL = (USERS, ORDERS, KEY, VIEW, USERS_ROWS, ORDERS_ROWS, FOREIGN_KEY)


def test_a_foreign_key_stays_behind_where_its_other_table_comes_without_rows() -> None:
    """The view needs the table, and the foreign key would find none of its rows there."""
    chosen = select(ALL, schemas=["crm"])

    assert chosen.dump_ids == {1, 2, 3, 4, 6}
    assert chosen.left_out == ("foreign key orders buyer, whose other table is not restored",)


def test_a_foreign_key_comes_along_where_both_tables_are_chosen() -> None:
    chosen = select(ALL, schemas=["crm", "auth"])

    assert chosen.dump_ids == {1, 2, 3, 4, 5, 6, 7}
    assert chosen.left_out == ()


def test_of_chosen_tables_the_foreign_key_between_them_comes_and_the_view_over_them_does_not() -> None:
    chosen = select(ALL, tables=["crm.orders", "users"])

    assert chosen.dump_ids == {1, 2, 3, 5, 6, 7}
    assert chosen.tables == {("auth", "users"), ("crm", "orders")}
    assert chosen.left_out == ()


def test_a_foreign_key_of_a_table_that_is_not_chosen_is_not_spoken_of() -> None:
    assert select(ALL, tables=["auth.users"]).left_out == ()


def test_a_name_that_two_schemas_have_is_asked_for_with_its_schema() -> None:
    other = TocEntry(dump_id=8, kind="TABLE", schema="crm", name="users")

    with pytest.raises(ValueError, match=r"^users could be auth\.users, crm\.users; write it with its schema\.$"):
        select((*ALL, other), tables=["users"])
    assert select((*ALL, other), tables=["crm.users"]).dump_ids == {8}


def test_what_the_archive_does_not_hold_is_refused_with_what_it_has() -> None:
    with pytest.raises(ValueError, match=r'^The backup has no table crm\.order\. Did you mean "crm\.orders"\?$'):
        select(ALL, tables=["crm.order"])
    with pytest.raises(ValueError, match=r'^The backup has no schema crn\. Did you mean "crm"\?$'):
        select(ALL, schemas=["crn"])
    with pytest.raises(ValueError, match="no schema orders"):
        select(ALL, schemas=["orders"])


def test_a_schema_without_any_object_comes_by_itself() -> None:
    empty = TocEntry(dump_id=8, kind="SCHEMA", schema="", name="empty")
    other = TocEntry(dump_id=9, kind="SCHEMA", schema="", name="other")
    its_namesake = TocEntry(dump_id=10, kind="TABLE", schema="other", name="empty")

    assert select((*ALL, empty, other, its_namesake), schemas=["empty"]).dump_ids == {8}


def test_what_belongs_to_a_table_comes_with_it_and_with_no_other() -> None:
    index = TocEntry(dump_id=8, kind="INDEX", schema="crm", name="by_buyer", depends_on=(2,))
    # pg_dump also names what it depends on and has left out of the archive.
    key = replace(KEY, depends_on=(99, 1))
    archive = (*(key if entry is KEY else entry for entry in ALL), index)

    assert select(archive, tables=["crm.orders"]).dump_ids == {2, 6, 8}
    assert select(archive, tables=["auth.users"]).dump_ids == {1, 3, 5}


def test_a_policy_that_asks_another_table_brings_that_table_without_its_rows() -> None:
    grants = TocEntry(dump_id=8, kind="TABLE", schema="crm", name="grants")
    grants_rows = TocEntry(dump_id=9, kind="TABLE DATA", schema="crm", name="grants", file="9.dat", depends_on=(8,))
    policy = TocEntry(dump_id=10, kind="POLICY", schema="crm", name="orders granted", depends_on=(8, 2))
    archive = (*ALL, grants, grants_rows, policy)

    assert select(archive, tables=["crm.orders"]).dump_ids == {2, 6, 8, 10}
    assert select(archive, tables=["crm.grants"]).dump_ids == {8, 9}


def test_what_needs_the_rows_of_a_table_that_is_not_chosen_brings_no_rows() -> None:
    late = TocEntry(dump_id=8, kind="RULE", schema="crm", name="orders kept", depends_on=(2, 1, 5))

    assert select((*ALL, late), tables=["crm.orders"]).dump_ids == {1, 2, 3, 6, 8}


def test_a_partitioned_table_brings_its_partitions_with_their_rows_and_a_partition_comes_alone() -> None:
    whole = TocEntry(dump_id=11, kind="TABLE", schema="log", name="events")
    part = TocEntry(dump_id=12, kind="TABLE", schema="log", name="events_2026")
    attach = TocEntry(dump_id=13, kind="TABLE ATTACH", schema="log", name="events_2026", depends_on=(99, 12, 11))
    rows = TocEntry(dump_id=14, kind="TABLE DATA", schema="log", name="events_2026", file="14.dat", depends_on=(12,))
    archive = (*ALL, whole, part, attach, rows)

    assert select(archive, tables=["log.events"]).dump_ids == {11, 12, 13, 14}
    assert select(archive, tables=["log.events_2026"]).dump_ids == {12, 14}
