"""What is waited for is looked at again and again, once in any case, and not for ever."""

from __future__ import annotations

from itertools import chain, repeat

from dbops.gateways.comes_true import comes_true


def test_it_is_looked_at_until_it_is_true() -> None:
    answers = iter([False, False, True])
    assert comes_true(lambda: next(answers), within=60, look_every=0)
    assert list(answers) == []


def test_it_is_looked_at_once_where_there_is_no_time() -> None:
    answers = chain([True], repeat(False))
    assert comes_true(lambda: next(answers), within=0, look_every=60)
    assert not comes_true(lambda: next(answers), within=0, look_every=60)


def test_it_is_not_waited_for_for_ever() -> None:
    assert not comes_true(lambda: False, within=0.05, look_every=0.01)
