"""Readings: one reading serves everybody, nobody waits for long, and what was read last is better than nothing."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dbops_airflow.page.readings import NotAnswered, Readings

_LONG = 60.0
_SHORT = 0.01


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class _Store:
    """Answers with how often it was asked, as soon as it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Event()

    def read(self) -> int:
        self.asked += 1
        answer = self.asked
        assert self.may_answer.wait(_LONG)
        return answer


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def readings(clock: _Clock) -> Iterator[Readings]:
    made = Readings(threads=2, fresh=10, remembered=600, most=3, clock=clock)
    yield made
    made.close()


@pytest.fixture
def store() -> Iterator[_Store]:
    made = _Store()
    yield made
    made.may_answer.set()


def test_fifty_people_who_open_at_once_are_one_reading(readings: Readings, store: _Store) -> None:
    async def open_at_once() -> list[int]:
        opening = [asyncio.create_task(readings.get("a", store.read, within=_LONG)) for _ in range(50)]
        await asyncio.sleep(0)
        store.may_answer.set()
        return [reading.value for reading in await asyncio.gather(*opening)]

    assert asyncio.run(open_at_once()) == [1] * 50
    assert store.asked == 1


def test_what_is_fresh_is_not_read_again_and_what_is_not_is(readings: Readings, store: _Store, clock: _Clock) -> None:
    store.may_answer.set()

    async def ask() -> int:
        return (await readings.get("a", store.read, within=_LONG)).value

    assert asyncio.run(ask()) == 1
    clock.now += 9
    assert asyncio.run(ask()) == 1
    clock.now += 2
    assert asyncio.run(ask()) == 2


def test_a_store_that_hangs_is_not_waited_for_and_the_event_loop_goes_on(readings: Readings, store: _Store) -> None:
    async def ask() -> None:
        with pytest.raises(NotAnswered):
            await readings.get("a", store.read, within=_SHORT)
        with pytest.raises(NotAnswered):
            await readings.get("a", store.read, within=_SHORT)

    asyncio.run(ask())
    assert store.asked == 1  # the first one still goes on, and no thread more is lost to it


def test_what_was_read_last_is_shown_while_nothing_newer_comes(
    readings: Readings, store: _Store, clock: _Clock
) -> None:
    async def ask() -> None:
        store.may_answer.set()
        assert not (await readings.get("a", store.read, within=_LONG)).is_old
        store.may_answer.clear()
        clock.now += 60
        old = await readings.get("a", store.read, within=_SHORT)
        assert (old.value, old.age, old.is_old) == (1, 60, True)
        clock.now += 600
        with pytest.raises(NotAnswered):
            await readings.get("a", store.read, within=_SHORT)

    asyncio.run(ask())


def test_what_is_young_enough_is_shown_at_once_and_renewed_for_the_next_one_to_ask(
    readings: Readings, store: _Store, clock: _Clock
) -> None:
    async def ask() -> None:
        store.may_answer.set()
        await readings.get("a", store.read, within=_LONG, at_once=60)
        store.may_answer.clear()
        clock.now += 30
        young = await readings.get("a", store.read, within=_LONG, at_once=60)
        assert (young.value, young.age, young.is_old) == (1, 30, False)
        store.may_answer.set()
        assert (await readings.get("a", store.read, within=_LONG)).value == 2
        assert store.asked == 2  # it waited for the one that went on

    asyncio.run(ask())


def test_what_is_too_old_to_be_shown_at_once_is_old_where_nothing_newer_comes(
    readings: Readings, store: _Store, clock: _Clock
) -> None:
    async def ask() -> None:
        store.may_answer.set()
        await readings.get("a", store.read, within=_LONG, at_once=60)
        store.may_answer.clear()
        clock.now += 60
        old = await readings.get("a", store.read, within=_SHORT, at_once=60)
        assert (old.value, old.age, old.is_old) == (1, 60, True)

    asyncio.run(ask())


def test_a_late_answer_is_there_for_the_next_one_to_ask(readings: Readings, store: _Store) -> None:
    async def ask() -> int:
        with pytest.raises(NotAnswered):
            await readings.get("a", store.read, within=_SHORT)
        store.may_answer.set()
        return (await readings.get("a", store.read, within=_LONG)).value

    assert asyncio.run(ask()) == 1


def test_a_reading_that_raises_is_told_to_whoever_waits_and_tried_again(readings: Readings) -> None:
    asked: list[int] = []

    def read() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise OSError("the disk is gone")
        return len(asked)

    async def ask() -> int:
        with pytest.raises(OSError, match="gone"):
            await readings.get("a", read, within=_LONG)
        return (await readings.get("a", read, within=_LONG)).value

    assert asyncio.run(ask()) == 2


def test_work_for_one_user_has_its_time_limit_and_its_own_error(readings: Readings, store: _Store) -> None:
    def fail() -> int:
        raise TimeoutError("of the store itself")

    async def ask() -> None:
        assert await readings.run(lambda: 7, within=_LONG) == 7
        with pytest.raises(NotAnswered):
            await readings.run(store.read, within=_SHORT)
        with pytest.raises(TimeoutError, match="store itself"):
            await readings.run(fail, within=_LONG)

    asyncio.run(ask())


def test_a_failure_that_nobody_waits_for_any_more_is_no_noise(
    readings: Readings, store: _Store, caplog: pytest.LogCaptureFixture
) -> None:
    ended = threading.Event()

    def fail() -> int:
        try:
            store.read()
            raise OSError("late")
        finally:
            ended.set()

    async def ask() -> None:
        with pytest.raises(NotAnswered):
            await readings.get("a", fail, within=_SHORT)
        store.may_answer.set()
        await asyncio.to_thread(ended.wait, _LONG)
        await asyncio.sleep(0.05)

    asyncio.run(ask())
    gc.collect()
    assert caplog.records == []


def test_readings_that_hang_hold_up_no_other_work(readings: Readings, store: _Store) -> None:
    async def ask() -> None:
        for key in range(5):  # more than there are readers
            with pytest.raises(NotAnswered):
                await readings.get(key, store.read, within=_SHORT)
        assert await readings.run(lambda: 7, within=_LONG) == 7

    asyncio.run(ask())


def test_only_what_was_asked_for_last_is_kept(readings: Readings) -> None:
    asked: list[str] = []

    async def ask(key: str) -> None:
        await readings.get(key, lambda: asked.append(key), within=_LONG)

    async def ask_all() -> None:
        for key in ("a", "b", "c", "a", "d", "a", "b"):
            await ask(key)

    asyncio.run(ask_all())
    assert asked == ["a", "b", "c", "d", "b"]  # "b" had made room for "d", and "a" was asked for again and again


def test_a_reader_who_leaves_takes_the_answer_from_nobody(readings: Readings, store: _Store) -> None:
    async def ask() -> int:
        leaving = asyncio.create_task(readings.get("a", store.read, within=_LONG))
        staying = asyncio.create_task(readings.get("a", store.read, within=_LONG))
        await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        store.may_answer.set()
        return (await staying).value

    assert asyncio.run(ask()) == 1
