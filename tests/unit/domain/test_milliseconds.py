"""Milliseconds as people read them."""

from __future__ import annotations

import pytest

from dbops.domain.milliseconds import format_ms


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.001, "0 ms"),
        (0.31, "0.31 ms"),
        (0.5, "0.5 ms"),
        (1.0, "1 ms"),
        (4.204, "4.2 ms"),
        (9.949, "9.95 ms"),
        (18.04, "18 ms"),
        (68.12, "68.1 ms"),
        (99.6, "100 ms"),
        (412.4, "412 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (1240.0, "1.24 s"),
        (65_000.0, "65 s"),
        (0.0, "0 ms"),
    ],
)
def test_three_digits_are_enough_and_the_unit_stands_beside_them(value: float, written: str) -> None:
    assert format_ms(value) == written
