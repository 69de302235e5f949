"""Promise: of a column nobody knows well it is never said that one value has few of the rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.servers.table_statistics import ColumnStatistics


@pytest.mark.parametrize(
    ("distinct", "most_common", "rows", "share"),
    [
        (4, 0.0, 1000, 1 / 4),
        (4, 0.6, 1000, 0.6),
        (-1, 0.0, 1000, 1 / 1000),
        (-0.5, 0.0, 1000, 1 / 500),
        (-0.5, 0.01, 1000, 0.01),
        (-0.015, 0.0, 100, 1 / 1.5),
        (1, 0.0, 1000, 1.0),
        (0, 0.0, 1000, 1.0),
        (-1, 0.0, 1, 1.0),
        (-0.001, 0.2, 10, 1.0),
    ],
)
def test_a_value_has_at_most_the_share_of_the_most_common_one_or_an_equal_part(
    distinct: float, most_common: float, rows: float, share: float
) -> None:
    assert ColumnStatistics(distinct=distinct, most_common=most_common).share(rows) == pytest.approx(share)


@given(st.floats(-1, 1e9), st.floats(0, 1), st.floats(0, 1e12))
def test_a_share_is_a_share_and_never_less_than_that_of_the_most_common_value(
    distinct: float, most_common: float, rows: float
) -> None:
    assert most_common <= ColumnStatistics(distinct=distinct, most_common=most_common).share(rows) <= 1
