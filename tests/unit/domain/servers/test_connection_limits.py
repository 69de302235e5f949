from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.loads import limits


def test_the_tightest_limit_decides_how_many_connections_we_may_open() -> None:
    of_server = limits(used=50)
    assert of_server.tightest(20).who == "the server"
    assert of_server.tightest(20).room(20) == 97 - 50 - 20
    of_role = limits(role_limit=10, role_used=2)
    assert of_role.tightest(20).who == "our role"
    assert of_role.tightest(20).room(20) == 6
    of_database = limits(role_limit=10, role_used=2, database_limit=8, database_used=4)
    assert of_database.tightest(20).who == "the database"
    assert of_database.least_free == 4


@pytest.mark.parametrize(
    ("used", "take", "free_percent", "has_room"),
    [
        (10, 10, 20, True),
        (67, 10, 20, True),  # 97 - 67 - 10 = 20
        (68, 10, 20, False),
        (12, 0, 85, True),
        (13, 0, 85, False),  # 97 - 13 are 86 % of 97, and 84 % of 100
        (97, 0, 0, True),
        (97, 1, 0, False),
        (120, 0, 0, False),
    ],
)
def test_so_many_per_cent_of_all_connections_are_free_after_what_we_take(
    used: int, take: int, free_percent: float, has_room: bool
) -> None:
    assert (limits(used=used).shortage(take, free_percent) is None) is has_room


def test_a_shortage_says_whose_connections_and_how_many() -> None:
    assert limits(role_limit=10, role_used=9).shortage(1, 20) == (
        "9 of the 10 connections of our role were in use, ours among them, and 2 are left to others"
    )


def test_one_that_is_left_to_others_is_one() -> None:
    assert limits(used=97).shortage(1, 1) == (
        "97 of the 97 connections of the server were in use, ours among them, and 1 is left to others"
    )


@given(st.integers(4, 5000), st.integers(0, 5000), st.floats(0, 99))
def test_what_we_may_open_never_touches_what_is_left_to_others(most: int, used: int, percent: float) -> None:
    found = limits(max_connections=most, used=used)
    ceiling = found.tightest(percent)
    room = ceiling.room(percent)
    if room >= 0:
        assert ceiling.limit - (used + room) >= most * percent / 100
    assert found.least_free == max(0, most - 3 - used)
