"""What a swap takes away and brings back adds up, table by table, to what differs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.live_facts import LiveTable, TableName
from dbops.domain.restores.row_changes import row_changes

_NAMES = st.sampled_from([("public", name) for name in "abcdefgh"])
_HELD = st.dictionaries(_NAMES, st.none() | st.integers(0, 50))
_LIVE = st.dictionaries(
    _NAMES, st.builds(LiveTable, st.integers(0, 50), st.booleans(), st.none(), st.none() | st.integers(0, 60))
)


def entries(held: dict[TableName, int | None]) -> list[TableEntry]:
    return [TableEntry(schema, name, rows, 0) for (schema, name), rows in held.items()]


@given(_HELD, _LIVE)
def test_of_each_table_what_goes_and_what_comes_back_is_what_differs(
    held: dict[TableName, int | None], live: dict[TableName, LiveTable]
) -> None:
    changes = row_changes(entries(held), live)

    for name in held.keys() | live.keys():
        now = live[name].rows if name in live else 0
        lost, back = changes.lost.get(name, 0), changes.back.get(name, 0)
        assert lost - back == now - (held.get(name) or 0)
        assert 0 <= lost <= now
        assert 0 <= back <= (held.get(name) or 0)
    assert 0 not in {*changes.lost.values(), *changes.back.values()}


@given(_LIVE)
def test_a_backup_that_has_what_is_live_changes_nothing(live: dict[TableName, LiveTable]) -> None:
    same = {name: LiveTable(table.rows, table.exact) for name, table in live.items()}

    changes = row_changes(entries({name: table.rows for name, table in live.items()}), same)

    assert (dict(changes.lost), dict(changes.back)) == ({}, {})


@given(_HELD, _LIVE, _NAMES, st.integers(1, 9))
def test_another_row_that_is_live_is_one_more_to_lose_or_one_less_to_come_back(
    held: dict[TableName, int | None], live: dict[TableName, LiveTable], name: TableName, more: int
) -> None:
    live = {other: LiveTable(table.rows, table.exact) for other, table in live.items()}
    grown = {**live, name: LiveTable(live[name].rows + more if name in live else more, exact=True)}

    before, after = row_changes(entries(held), live), row_changes(entries(held), grown)

    assert after.lost.get(name, 0) >= before.lost.get(name, 0)
    assert after.back.get(name, 0) <= before.back.get(name, 0)


def test_rows_that_came_since_are_lost_also_where_others_were_deleted() -> None:
    changes = row_changes(entries({("a", "b"): 500}), {("a", "b"): LiveTable(480, True, None, 30)})

    assert (changes.lost, changes.back) == ({("a", "b"): 30}, {("a", "b"): 50})


def test_all_live_rows_go_of_a_table_whose_rows_the_backup_left_out_or_that_it_has_not() -> None:
    live = {("a", "left_out"): LiveTable(7, exact=True), ("a", "young"): LiveTable(2, exact=True)}

    changes = row_changes(entries({("a", "left_out"): None, ("a", "gone"): 3}), live)

    assert changes.lost == {("a", "left_out"): 7, ("a", "young"): 2}
    assert changes.back == {("a", "gone"): 3}


def test_it_is_told_as_a_sum_and_by_table_the_largest_first() -> None:
    live = {
        ("a", name): LiveTable(rows, exact=True) for name, rows in zip("uvwxyz", (1, 9, 9, 2000, 3, 4), strict=True)
    }
    changes = row_changes([], live)

    told = "2,026 rows in 6 tables: a.x 2,000, a.v 9, a.w 9, a.z 4, a.y 3 and 1 more"
    assert changes.told(changes.lost) == told
    assert changes.told(changes.back) == "none"
    guessed = row_changes([], {**live, ("a", "x"): LiveTable(2000, exact=False)})
    assert guessed.told(guessed.lost) == f"about {told}"
    assert guessed.told(guessed.back) == "none, by estimates"
