"""A write reaches as far as its foreign keys cascade."""

from __future__ import annotations

from dbops.gateways.probing.prepared import Event
from dbops.gateways.probing.reach import CascadingKey, reached

USER, ITEM, NOTE = 1, 2, 3


def key(
    referenced: int, referencing: int, on_delete: str, on_update: str, columns: tuple[str, str] = ("id", "owner")
) -> CascadingKey:
    return CascadingKey(referenced, referencing, on_delete, on_update, [columns[0]], [columns[1]])


def events(writes: list[tuple[int, Event]], *keys: CascadingKey, sql: str = "") -> set[tuple[int, str]]:
    return set(reached(writes, keys, sql))


def test_a_delete_cascades_from_table_to_table() -> None:
    found = events([(USER, "DELETE")], key(USER, ITEM, "c", "a"), key(ITEM, NOTE, "c", "a"))

    assert found == {(USER, "DELETE"), (ITEM, "DELETE"), (NOTE, "DELETE")}


def test_a_key_set_to_null_is_an_update() -> None:
    assert events([(USER, "DELETE")], key(USER, ITEM, "n", "a"), key(ITEM, NOTE, "c", "a")) == {
        (USER, "DELETE"),
        (ITEM, "UPDATE"),
    }


def test_an_update_cascades_by_columns_that_the_statement_names_and_then_by_those_that_change() -> None:
    keys = (key(USER, ITEM, "a", "c", ("id", "owner")), key(ITEM, NOTE, "a", "c", ("owner", "owner")))

    assert events([(USER, "UPDATE")], *keys, sql="UPDATE x SET ID = 3") == {
        (USER, "UPDATE"),
        (ITEM, "UPDATE"),
        (NOTE, "UPDATE"),
    }
    assert events([(USER, "UPDATE")], *keys, sql="UPDATE x SET email = 'a'") == {(USER, "UPDATE")}
    other = (keys[0], key(ITEM, NOTE, "a", "c", ("number", "item")))
    assert (NOTE, "UPDATE") not in events([(USER, "UPDATE")], *other, sql="UPDATE x SET id = 3 -- number")


def test_tables_that_refer_to_each_other_come_to_an_end() -> None:
    found = events([(USER, "DELETE")], key(USER, ITEM, "c", "a"), key(ITEM, USER, "c", "a"), key(USER, USER, "c", "c"))

    assert found == {(USER, "DELETE"), (ITEM, "DELETE")}


def test_an_insert_reaches_nothing_else() -> None:
    assert events([(USER, "INSERT")], key(USER, ITEM, "c", "c"), sql="id") == {(USER, "INSERT")}
