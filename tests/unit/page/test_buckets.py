"""Buckets: a store that cannot be opened is tried once for everybody, and nobody waits for it for long."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dbops.domain.target import Target
from dbops.errors import BucketError, InvalidConnection
from dbops_airflow.page.buckets import Buckets
from tests.unit.samples import target

_LONG = 60.0


class _Opening:
    """Opens nothing: it fails, as soon as it may."""

    def __init__(self) -> None:
        self.opened = 0
        self.failure: Exception | None = InvalidConnection("There is no connection store.", "Define it.")
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, _target: Target) -> Any:
        self.opened += 1
        self.begun.set()
        assert self.may_end.wait(_LONG)
        if self.failure is not None:
            raise self.failure
        return "a bucket"


@pytest.fixture
def opening() -> Iterator[_Opening]:
    made = _Opening()
    yield made
    made.may_end.set()


def test_all_who_wait_for_an_opening_that_fails_are_told_and_none_tries_again(opening: _Opening) -> None:
    buckets = Buckets(opening)
    with ThreadPoolExecutor(8) as readers:
        asked = [readers.submit(buckets.open, target(f"shop_{number}")) for number in range(8)]
        assert opening.begun.wait(_LONG)
        opening.may_end.set()
        told = [one.exception(_LONG) for one in asked]
    assert [str(one) for one in told] == ["There is no connection store. Define it."] * 8
    assert opening.opened == 1


def test_a_failure_is_forgotten_in_seconds_for_somebody_may_have_mended_it(opening: _Opening) -> None:
    clock = [0.0]
    buckets = Buckets(opening, clock=lambda: clock[0])
    opening.may_end.set()
    for _ in range(2):
        with pytest.raises(InvalidConnection, match="no connection store"):
            buckets.open(target())
    assert opening.opened == 1
    opening.failure = None
    clock[0] += 11
    bucket: Any = buckets.open(target())
    assert bucket == "a bucket"
    assert opening.opened == 2


def test_where_an_opening_failed_is_known_to_everybody_who_is_told(opening: _Opening) -> None:
    buckets = Buckets(opening)
    opening.may_end.set()
    deep = []
    for _ in range(3):
        with pytest.raises(InvalidConnection) as told:
            buckets.open(target())
        frames = traceback.extract_tb(told.value.__traceback__)
        deep.append(len(frames))
        assert frames[-1].name == "__call__"
    assert deep[0] == deep[1] == deep[2]


def test_nobody_waits_for_an_opening_that_hangs(opening: _Opening) -> None:
    buckets = Buckets(opening, patience=0.01)
    with ThreadPoolExecutor(1) as readers:
        readers.submit(buckets.open, target())
        assert opening.begun.wait(_LONG)
        with pytest.raises(BucketError, match="s3://vault is still being opened"):
            buckets.open(target("blog"))
        opening.may_end.set()
    assert opening.opened == 1
