"""Promises of the comparison of two schemas, and of the fingerprint of one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.schema_comparison import differences, fingerprint
from dbops.domain.archives.toc_entry import TocEntry

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


def test_where_only_what_was_expected_counts_nothing_is_extra() -> None:
    changed = replace(INDEX, definition="CREATE INDEX i ON t (n DESC);")

    assert differences([TABLE], [TABLE, INDEX], only_expected=True) == ()
    assert differences([TABLE, INDEX], [changed], only_expected=True) == (
        "index public.i is defined otherwise than in the backup",
        "table public.t is missing",
    )


def test_grants_are_not_in_the_fingerprint_and_everything_else_is() -> None:
    assert fingerprint([TABLE, GRANT]) == fingerprint([TABLE])
    assert fingerprint([TABLE, INDEX]) != fingerprint([TABLE])
    assert fingerprint([replace(TABLE, name="caf\udce9")]) != fingerprint([TABLE])


def test_what_is_said_about_the_database_or_about_the_servers_own_objects_is_no_schema() -> None:
    about = [
        TocEntry(dump_id=7, kind="COMMENT", schema="", name="DATABASE shop", definition="COMMENT ON DATABASE shop"),
        TocEntry(dump_id=8, kind="ACL", schema="pg_catalog", name="FUNCTION f()", definition="GRANT ALL ON f() TO x;"),
    ]
    comment = TocEntry(dump_id=9, kind="COMMENT", schema="public", name="TABLE t", definition="COMMENT ON TABLE t")

    assert differences([TABLE, *about], [TABLE]) == ()
    assert differences([TABLE, comment], [TABLE]) == ("comment public.TABLE t is missing",)


def test_of_two_equal_objects_both_are_missed() -> None:
    assert differences([TABLE, TABLE], [TABLE]) == ("table public.t is defined otherwise than in the backup",)


def test_what_lies_in_no_schema_is_named_without_one() -> None:
    crm = TocEntry(dump_id=9, kind="SCHEMA", schema="", name="crm", definition="CREATE SCHEMA crm;")

    assert differences([crm], []) == ("schema crm is missing",)


def test_the_slot_of_a_subscription_does_not_count_and_the_rest_of_it_does() -> None:
    def subscription(slot: str, publication: str = "p") -> TocEntry:
        made = f"CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION {publication} WITH (connect = false, {slot});"
        return TocEntry(dump_id=1, kind="SUBSCRIPTION", schema="", name="s", definition=made)

    backup, restored = subscription("slot_name = 'it''s'"), subscription("slot_name = NONE")

    assert differences([backup], [restored]) == ()
    assert differences([backup], [subscription("slot_name = NONE", "q")]) != ()
