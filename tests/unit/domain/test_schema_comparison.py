"""Promises of the comparison of two schemas, and of the fingerprint of one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.schema_comparison import differences, fingerprint
from dbops.domain.toc_entry import TocEntry

TABLE = TocEntry(dump_id=1, kind="TABLE", schema="public", name="t", owner="app", definition="CREATE TABLE t (n int);")
INDEX = TocEntry(dump_id=2, kind="INDEX", schema="public", name="i", owner="app", definition="CREATE INDEX i ON t (n);")
GRANT = TocEntry(dump_id=3, kind="ACL", schema="public", name="TABLE t", owner="app", definition="GRANT ALL ON t TO x;")
ROWS = TocEntry(dump_id=4, kind="TABLE DATA", schema="public", name="t", owner="app", file="4.dat")
DATABASE = TocEntry(dump_id=5, kind="DATABASE", schema="", name="shop", owner="app", definition="CREATE DATABASE shop;")
ALL = [TABLE, INDEX, GRANT, ROWS, DATABASE]

ENTRIES = st.lists(
    st.builds(
        TocEntry,
        dump_id=st.integers(1, 99),
        kind=st.sampled_from(["TABLE", "INDEX", "VIEW", "ACL", "TABLE DATA"]),
        schema=st.sampled_from(["a", "b"]),
        name=st.text(max_size=4),
        owner=st.sampled_from(["x", "y"]),
        definition=st.text(max_size=6),
    ),
    max_size=8,
)


@given(ENTRIES, st.randoms())
def test_order_and_numbers_are_no_difference(entries: list[TocEntry], dice: object) -> None:
    shuffled = [replace(entry, dump_id=entry.dump_id + 1000) for entry in entries]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    assert differences(entries, shuffled) == ()
    assert fingerprint(entries) == fingerprint(shuffled)


@given(ENTRIES, ENTRIES)
def test_schemas_without_a_difference_have_the_same_fingerprint(ours: list[TocEntry], theirs: list[TocEntry]) -> None:
    if not differences(ours, theirs, owners=False):
        assert fingerprint(ours) == fingerprint(theirs)


def test_rows_and_the_database_itself_are_no_schema() -> None:
    other = replace(DATABASE, name="other", definition="CREATE DATABASE other;")

    assert differences(ALL, [TABLE, INDEX, GRANT, other]) == ()


def test_each_difference_is_named() -> None:
    changed = replace(TABLE, definition="CREATE TABLE t (n bigint);")
    view = TocEntry(dump_id=9, kind="VIEW", schema="public", name="v", definition="SELECT 1")

    assert differences(ALL, [changed, GRANT, view]) == (
        "index public.i is missing",
        "table public.t is defined otherwise than in the backup",
        "view public.v is not in the backup",
    )


def test_owners_and_grants_count_only_where_they_were_restored() -> None:
    found = [replace(TABLE, owner="me"), replace(INDEX, owner="me")]

    assert len(differences(ALL, found)) == 3
    assert differences(ALL, found, owners=False) == ()


def test_another_owner_is_no_other_schema() -> None:
    assert fingerprint(ALL) == fingerprint([replace(entry, owner="me") for entry in ALL])
    assert fingerprint(ALL) != fingerprint([TABLE])
