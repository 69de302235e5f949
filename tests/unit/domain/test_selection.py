"""Promise: what is chosen of an archive comes up by itself, and what cannot stays behind and is named."""

from __future__ import annotations

from dbops.domain.selection import select
from dbops.domain.toc_entry import TocEntry

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
