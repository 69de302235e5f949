"""Connections against their limits, and the advice for pools."""

from __future__ import annotations

import pytest

from dbops.domain.health.connections import ConnectionUse, connections, room_for_pools


def uses(
    server: int, database: int, *, limit: int | None = None, role: tuple[int, int] | None = None
) -> list[ConnectionUse]:
    found = [ConnectionUse("server", "", server, 97), ConnectionUse("database", "shop", database, limit)]
    return found + ([ConnectionUse("role", "app", *role)] if role else [])


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (uses(77, 10), "ok"),
        (uses(78, 10), "warning"),
        (uses(10, 7, limit=10), "ok"),
        (uses(10, 8, limit=10), "warning"),
        (uses(10, 8, role=(3, 4)), "ok"),
        (uses(10, 8, role=(4, 5)), "warning"),
        (uses(10, 8, role=(1, 0)), "warning"),
    ],
)
def test_four_fifths_of_any_limit_is_a_worry(found: list[ConnectionUse], status: str) -> None:
    assert connections(found).status == status


@pytest.mark.parametrize(
    ("found", "room"),
    [(uses(30, 10), 77), (uses(30, 30), 97), (uses(30, 10, limit=50), 50), (uses(97, 0), 0), (uses(99, 1), 0)],
)
def test_pools_may_have_what_others_and_the_limit_of_the_database_leave(found: list[ConnectionUse], room: int) -> None:
    assert room_for_pools(found) == room
    assert f"at most {room} together" in connections(found).value


def test_every_limit_is_told_and_what_has_none_is_not() -> None:
    value = connections(uses(30, 10, role=(3, 10))).value
    assert value.startswith("30 of 97 (31 %); role app: 3 of 10 (30 %). Pools")


def test_what_is_full_is_told_with_how_large_the_pools_may_be_and_what_shows_who_has_them() -> None:
    item = connections(uses(80, 9, limit=10))
    assert item.value == "80 of 97 (82 %); database shop: 9 of 10 (90 %). Pools of this database: at most 10 together"
    assert item.remedy == (
        "Make the pools of all instances of the application smaller, to at most 10 connections together, and close "
        "those that are idle, or put a pooler such as PgBouncer before the server. A higher limit costs memory, and "
        "for max_connections a restart."
    )
    assert "FROM pg_stat_activity" in item.sql
    assert (connections(uses(1, 1)).remedy, connections(uses(1, 1)).sql) == ("", "")


@pytest.mark.parametrize(
    ("used", "allowed", "share"), [(9, None, 0.0), (9, 0, 1.0), (0, 0, 1.0), (0, 1, 0.0), (1, 4, 0.25)]
)
def test_what_has_no_limit_is_empty_and_a_limit_of_none_is_full(used: int, allowed: int | None, share: float) -> None:
    assert ConnectionUse("role", "app", used, allowed).share == share


def test_a_server_that_lets_nobody_in_has_room_for_no_pool() -> None:
    assert room_for_pools([ConnectionUse("server", "", 0, 0), ConnectionUse("database", "shop", 0, None)]) == 0
