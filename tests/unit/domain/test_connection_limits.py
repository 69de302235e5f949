from __future__ import annotations

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


@given(st.integers(4, 5000), st.integers(0, 5000), st.floats(0, 99))
def test_what_we_may_open_never_touches_what_is_left_to_others(most: int, used: int, percent: float) -> None:
    found = limits(max_connections=most, used=used)
    ceiling = found.tightest(percent)
    room = ceiling.room(percent)
    if room >= 0:
        assert ceiling.limit - (used + room) >= ceiling.limit * percent / 100
    assert found.least_free == max(0, most - 3 - used)
