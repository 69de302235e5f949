"""Promise: what a restore makes has a name that PostgreSQL keeps whole, and that nothing else has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dbops.domain.restores.database_names import before_name, restored_name

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(
    lambda name: len(name.encode()) <= 63
)
LONG = (
    st.integers(38, 63)
    .flatmap(lambda size: st.text("aä表😀", min_size=size // 4, max_size=size))
    .filter(lambda name: len(name.encode()) <= 63)
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MOMENT = datetime(2026, 11, 22, 2, 0, 7, tzinfo=UTC)


@given(NAMES | LONG, MOMENTS)
def test_a_name_is_never_cut_by_the_server(name: str, moment: datetime) -> None:
    for made in (restored_name(name, moment), before_name(name, moment)):
        assert len(made.encode()) <= 63
        assert made != name


@given(NAMES | LONG, NAMES | LONG, MOMENTS)
def test_two_databases_never_get_one_name(one: str, other: str, moment: datetime) -> None:
    assume(one != other)

    made = [name(of, moment) for name in (restored_name, before_name) for of in (one, other)]

    assert len(set(made)) == 4


@given(NAMES | LONG, MOMENTS, st.integers(1, 10**9))
def test_two_moments_never_give_one_name(name: str, moment: datetime, seconds: int) -> None:
    assume(moment.year < 2060)

    assert restored_name(name, moment) != restored_name(name, moment + timedelta(seconds=seconds))


def test_a_short_name_is_kept_and_dated_in_utc() -> None:
    vienna = MOMENT.astimezone(timezone(timedelta(hours=1)))

    assert restored_name("Shop ü", vienna) == "Shop ü__restore_20261122_020007"
    assert before_name("Shop ü", vienna) == "Shop ü__before_20261122_020007"


@pytest.mark.parametrize("end", ["a", "b"])
def test_a_long_name_keeps_its_beginning_and_a_mark_of_what_was_cut(end: str) -> None:
    made = before_name("x" * 62 + end, MOMENT)

    assert made.startswith("x" * 30)
    assert made.endswith("__before_20261122_020007")
    assert len(made) == 63
    assert made != before_name("x" * 62 + "c", MOMENT)


@pytest.mark.parametrize("length", [39, 40])
def test_a_name_is_kept_whole_where_it_fits(length: int) -> None:
    made = before_name("x" * length, MOMENT)

    assert len(made) == 63
    assert (made == "x" * length + "__before_20261122_020007") is (length == 39)


def test_a_character_is_kept_whole_or_not_at_all() -> None:
    made = restored_name("表" * 21, MOMENT)

    assert made.startswith("表" * 10 + "_")
