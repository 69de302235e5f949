"""Waiting for connections has an end."""

from __future__ import annotations

from dbops.gateways.probing.room import PAUSES, pauses


def test_pauses_grow_and_take_no_longer_than_they_may() -> None:
    assert list(pauses(60)) == sorted(PAUSES)
    assert list(pauses(2)) == [0.5, 1.0]
    assert list(pauses(0)) == []
