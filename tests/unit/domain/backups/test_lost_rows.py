"""Promise: a table that lost its rows is told by name, and once, however little it is of the whole; the rest is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupManifest, TableEntry
from dbops.domain.backups.lost_rows import lost_rows_warnings
from dbops.domain.options.alerts import Alerts
from tests.unit.samples import DAY, NOW, manifest

ALERTS = Alerts(shrunk_by=50)


def backup(days_ago: int, **tables: int | None) -> BackupManifest:
    """A backup with these tables of schema public, and one that is large and never changes."""
    entries = {**tables, "large": 1_000_000}
    made = (TableEntry("public", name, rows, 0 if rows is None else rows * 20) for name, rows in entries.items())
    return replace(manifest(NOW - days_ago * DAY), tables=tuple(made))


def week(**tables: int | None) -> list[BackupManifest]:
    return [backup(day, **tables) for day in range(7, 0, -1)]


def test_an_emptied_table_is_told_with_its_rows_and_what_to_do() -> None:
    assert lost_rows_warnings(backup(0, users=0), week(users=20_000), ALERTS) == (
        "Since 20261121T120000Z more than 50 % of the rows are gone from 1 table: public.users (20,000, and now 0). "
        "If that was not intended, hold that backup before retention lets it go: "
        '`python -m dbops hold shop 20261121T120000Z --reason "rows were lost"`.',
    )


def test_a_table_that_is_gone_or_has_few_rows_left_is_told_too() -> None:
    (told,) = lost_rows_warnings(backup(0, users=9_999), week(users=20_000, orders=300), ALERTS)

    assert "gone from 2 tables: " in told
    assert "public.orders (300, and now it is gone), public.users (20,000, and now 9,999)." in told


def test_it_is_told_by_the_first_backup_alone() -> None:
    emptied = backup(0, users=0, orders=70)
    history = week(users=20_000, orders=300)
    assert lost_rows_warnings(emptied, history, ALERTS) != ()

    tomorrow = backup(-1, users=0, orders=70)
    assert lost_rows_warnings(tomorrow, [*history, emptied], ALERTS) == ()


def test_what_is_left_may_be_as_little_as_is_allowed() -> None:
    assert lost_rows_warnings(backup(0, users=10_000), week(users=20_000), ALERTS) == ()
    assert lost_rows_warnings(backup(0, users=0), week(users=20_000), Alerts(shrunk_by=100)) == ()


def test_a_table_that_is_filled_and_emptied_again_is_no_news() -> None:
    staging = [backup(day, staging=5_000 if day != 4 else 0) for day in range(7, 0, -1)]

    assert lost_rows_warnings(backup(0, staging=0), staging, ALERTS) == ()
    assert lost_rows_warnings(backup(0), staging, ALERTS) == ()


def test_what_a_table_had_more_than_seven_backups_ago_is_forgotten() -> None:
    assert lost_rows_warnings(backup(0, users=0), [backup(8, users=0), *week(users=300)], ALERTS) != ()
    assert lost_rows_warnings(backup(0, users=0), [backup(7, users=0), *week(users=300)[1:]], ALERTS) == ()


def test_a_table_that_is_new_since_yesterday_counts_already() -> None:
    assert lost_rows_warnings(backup(0, fresh=0), [*week()[:-1], backup(1, fresh=300)], ALERTS) != ()


@pytest.mark.parametrize(("rows", "is_told"), [(99, False), (100, True)])
def test_a_small_table_may_lose_what_it_has(rows: int, is_told: bool) -> None:
    assert bool(lost_rows_warnings(backup(0, few=0), week(few=rows), ALERTS)) is is_told


def test_a_table_whose_rows_are_left_out_now_has_lost_none() -> None:
    assert lost_rows_warnings(backup(0, log=None), week(log=5_000), ALERTS) == ()
    assert lost_rows_warnings(backup(0, log=0), week(log=None), ALERTS) == ()


def test_the_oldest_of_many_partitions_may_go_and_none_of_them_may_be_emptied() -> None:
    history = week(events_2026_10=5_000, events_2026_11=5_000)

    assert lost_rows_warnings(backup(0, events_2026_11=5_000, events_2026_12=0), history, ALERTS) == ()
    assert lost_rows_warnings(backup(0, events_2026_10=0, events_2026_11=5_000), history, ALERTS) != ()


def test_tables_that_may_shrink_are_left_out() -> None:
    history = week(staging_a=5_000, users=300)
    alerts = Alerts(may_shrink=("public.staging_*",))

    assert lost_rows_warnings(backup(0, staging_a=0, users=300), history, alerts) == ()
    (told,) = lost_rows_warnings(backup(0, staging_a=0, users=0), history, alerts)
    assert "staging_a" not in told


def test_the_first_backup_and_one_with_a_date_before_all_others_have_nothing_to_compare_with() -> None:
    assert lost_rows_warnings(backup(0, users=0), [], ALERTS) == ()
    assert lost_rows_warnings(backup(9, users=0), week(users=300), ALERTS) == ()


def test_a_backup_is_not_compared_with_itself() -> None:
    new = backup(0, users=0)

    assert lost_rows_warnings(new, [*week(users=300), new], ALERTS) != ()


def test_of_a_table_that_is_gone_nothing_is_left() -> None:
    assert lost_rows_warnings(backup(0), week(users=100), Alerts(shrunk_by=99)) != ()


def test_of_many_tables_the_first_are_named_and_the_others_counted() -> None:
    names = [f"{letter}_table" for letter in "abcdefghijklmnopqrst"]

    (told,) = lost_rows_warnings(backup(0, **dict.fromkeys(names, 0)), week(**dict.fromkeys(names, 300)), ALERTS)

    assert "gone from 20 tables: " in told
    assert "public.a_table (300, and now 0)" in told
    assert " more. If that" in told


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 10**6)),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 10**6)),
)
def test_a_table_that_grew_is_never_told(rows: dict[str, int], more: dict[str, int]) -> None:
    grown = {name: rows.get(name, 0) + more.get(name, 0) for name in rows.keys() | more.keys()}

    assert lost_rows_warnings(backup(0, **grown), week(**rows), ALERTS) == ()
