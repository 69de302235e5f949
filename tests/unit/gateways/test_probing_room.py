"""Connections are left to others, and waiting for some has an end."""

from __future__ import annotations

import pytest

from dbops.gateways.probing.room import PAUSES, Limit, pauses


@pytest.mark.parametrize(
    ("used", "take", "free_percent", "has_room"),
    [
        (10, 10, 20, True),
        (67, 10, 20, True),  # 97 - 67 - 10 = 20
        (68, 10, 20, False),
        (97, 0, 0, True),
        (97, 1, 0, False),
        (120, 0, 0, False),
    ],
)
def test_so_many_per_cent_of_the_limit_are_free_after_what_we_take(
    used: int, take: int, free_percent: float, has_room: bool
) -> None:
    limit = Limit("the server", 100, 97, used)

    assert (limit.shortage(take, free_percent) is None) is has_room


def test_a_shortage_says_whose_connections_and_how_many() -> None:
    assert Limit("the role", 5, 5, 5).shortage(1, 20) == (
        "5 of the 5 connections of the role are in use, 5 of them are for roles like ours, and 20 % are to stay free"
    )


def test_pauses_grow_and_take_no_longer_than_they_may() -> None:
    assert list(pauses(60)) == sorted(PAUSES)
    assert list(pauses(2)) == [0.5, 1.0]
    assert list(pauses(0)) == []
