"""Rehearsals in turn: who waited longest first, nobody too often, one failure alone, and an end in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import BucketError, DatabaseError, IdentityMissing, InvalidConnection
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.rehearsals import put_rehearsal, read_rehearsal
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.restores.rehearse_due import rehearse_due
from dbops.jobs.restores.restore_place import RestorePlace
from tests.unit.restores import rehearsal
from tests.unit.samples import DAY, NOW, Clock, manifest, store_backup, target

HOUR = timedelta(hours=1)
NO_CONNECTION = InvalidConnection('The connection "shop_restore" is not defined.', "Define it.")


@dataclass(frozen=True)
class Place(RestorePlace):
    """A server that is asked as the world says."""

    ask: Callable[[Target], NoReturn] | None = None

    def server(self, target: Target) -> NoReturn:
        assert self.ask is not None
        self.ask(target)


class World:
    """Targets with a backup each, on one server unless ``hosts`` has another, which refuse for the reason set here."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.bucket = InMemoryBucket("vault", self.clock)
        self.targets: list[Target] = []
        self.refusal: Exception = NO_CONNECTION
        self.asked: list[str] = []
        self.closed: set[str] = set()
        self.takes = timedelta(0)
        self.hosts: dict[str, str] = {}

    def add(self, name: str, *, backed_up: bool = True, last: Rehearsal | None = None, **more: object) -> Target:
        added = target(name, **more)
        self.targets.append(added)
        if backed_up:
            store_backup(self.bucket, Layout(added.root), manifest(NOW - HOUR, of=name))
        if last is not None:
            put_rehearsal(self.bucket, added, last)
        return added

    def open(self, of: Target) -> Bucket:
        if of.name in self.closed:
            raise BucketError("The store does not answer.", "Look whether it runs.")
        return self.bucket

    def place(self, of: Target) -> RestorePlace:
        address = DatabaseAddress(of.name, self.hosts.get(of.name, "db"))
        return Place(address, address, ask=self.ask)

    def ask(self, of: Target) -> NoReturn:
        self.asked.append(of.name)
        self.clock.now += self.takes
        raise self.refusal

    def rehearse(self, within: timedelta = HOUR, patience: timedelta = DAY) -> list[str]:
        return rehearse_due(
            self.targets, self.open, self.place, clock=self.clock, within=within, patience=patience
        )  # fmt: skip

    def last(self, of: Target) -> Rehearsal:
        found = read_rehearsal(self.bucket, of)
        assert found is not None
        return found


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def for_ever() -> Iterator[threading.Event]:
    """What is stuck waits for this: to the end of the test."""
    end = threading.Event()
    yield end
    end.set()


def ready(name: str, ago: timedelta) -> Rehearsal:
    return rehearsal(target=name, planned=NOW - ago)


def test_those_that_waited_longest_come_first_and_who_was_asked_today_is_not_asked(world: World) -> None:
    world.add("today", last=ready("today", HOUR))
    world.add("yesterday", last=ready("yesterday", DAY))
    world.add("new")
    world.add("long_ago", last=ready("long_ago", 9 * DAY))

    lines = world.rehearse()

    assert world.asked == ["new", "long_ago", "yesterday"]
    assert [line.partition(":")[0] for line in lines] == world.asked


def test_what_would_be_refused_is_kept_told_in_the_index_and_asked_again_in_an_hour(world: World) -> None:
    shop = world.add("shop")

    (line,) = world.rehearse()

    assert str(NO_CONNECTION) in line
    assert world.last(shop) == Rehearsal(target="shop", planned=NOW, refusals=(str(NO_CONNECTION),))
    index = read_index(world.bucket, shop)
    assert index is not None
    assert index.rehearsal == world.last(shop)
    assert world.rehearse() == []
    world.clock.now += HOUR
    assert len(world.rehearse()) == 1


def test_a_key_that_opens_nothing_is_a_refusal(world: World) -> None:
    shop = world.add("shop")
    world.refusal = IdentityMissing("No key opens it.", "Give the worker its identity.")
    world.rehearse()
    assert world.last(shop).refusals == ("No key opens it. Give the worker its identity.",)


@pytest.mark.parametrize("error", [DatabaseError("No answer.", "Start it."), RuntimeError("a row's value")])
def test_what_may_pass_is_not_taken_for_a_refusal_and_its_beginning_is_remembered(
    world: World, error: Exception
) -> None:
    shop = world.add("shop")
    world.refusal = error
    world.rehearse()
    world.clock.now += HOUR
    world.rehearse()
    last = world.last(shop)
    assert (last.refusals, last.unknown_since, last.planned) == ((), NOW, NOW + HOUR)
    assert "row's value" not in last.unknown
    world.refusal = NO_CONNECTION
    world.clock.now += HOUR
    world.rehearse()
    assert (world.last(shop).unknown, world.last(shop).unknown_since) == ("", None)


def test_one_that_is_restored_elsewhere_or_has_no_backup_is_not_asked(world: World) -> None:
    world.add("elsewhere", allow=["restored_elsewhere"])
    world.add("new", backed_up=False)
    assert world.rehearse() == ["new: there is no good backup that could be restored."]
    assert world.asked == []


def test_a_store_that_does_not_answer_hides_no_other_target(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.add("dark")
    world.add("shop")
    world.closed.add("dark")
    assert len(world.rehearse()) == 1
    assert world.asked == ["shop"]
    assert "No restore of dark is rehearsed: The store does not answer." in caplog.text


def test_a_record_that_cannot_be_written_hides_no_other_target(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    art, shop = world.add("art"), world.add("shop")
    put: Callable[..., None] = world.bucket.put

    def refuse(key: str, body: bytes) -> None:
        if key == Layout(art.root).rehearsal:
            raise BucketError("Access denied.", "Allow it.")
        put(key, body)

    monkeypatch.setattr(world.bucket, "put", refuse)
    first, _ = world.rehearse()
    assert first == "art: not rehearsed: Access denied. Allow it."
    assert world.last(shop).refusals


def test_it_ends_in_time_and_says_how_many_are_left_for_the_next_run(world: World) -> None:
    for name in ("a", "b", "c", "d"):
        world.add(name)
    world.takes = timedelta(minutes=5)
    *done, left = world.rehearse(within=timedelta(minutes=10))
    assert [line[0] for line in done] == ["a", "b"]
    assert left == "2 more are due: the next run continues with them."
    assert len(world.rehearse(within=timedelta(minutes=10))) == 2
    assert world.asked == ["a", "b", "c", "d"]


def test_a_connection_that_is_not_defined_is_a_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = world.add("shop")

    def look_up(_of: Target) -> NoReturn:
        raise NO_CONNECTION

    monkeypatch.setattr(world, "place", look_up)
    world.rehearse()
    assert world.last(shop).refusals == (str(NO_CONNECTION),)


def test_one_server_is_never_asked_for_two_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        world.hosts[world.add(f"shop_{number:02}").name] = f"db{number % 2}"
    asking: list[str] = []
    most: list[int] = []

    def ask(of: Target) -> NoReturn:
        asking.append(world.hosts[of.name])
        most.append(asking.count(world.hosts[of.name]))
        threading.Event().wait(0.001)  # let the others come in between
        asking.remove(world.hosts[of.name])
        raise NO_CONNECTION

    monkeypatch.setattr(world, "ask", ask)
    assert len(world.rehearse()) == 40
    assert most == [1] * 40


def test_a_server_that_is_stuck_holds_up_only_its_own_and_is_not_known(
    world: World, for_ever: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, beside = world.add("a_stuck"), world.add("b_beside_it")
    others = [world.add(f"shop_{number:02}").name for number in range(20)]
    world.hosts |= {stuck.name: "dead", beside.name: "dead"}

    def ask(of: Target) -> NoReturn:
        if of.name == stuck.name:
            while others_are_at_work():
                for_ever.wait(0.01)
            world.clock.now += HOUR
            for_ever.wait()
        raise NO_CONNECTION

    def others_are_at_work() -> bool:
        mine = threading.current_thread()
        return any(each.name == mine.name and each is not mine for each in threading.enumerate())

    monkeypatch.setattr(world, "ask", ask)
    *done, told, left = world.rehearse(within=HOUR / 2, patience=HOUR)

    assert [line.partition(":")[0] for line in done] == others
    assert told.startswith("a_stuck: It is not known whether a restore of a_stuck would be allowed")
    assert "has not answered within 1h" in told
    assert left == "1 more are due: the next run continues with them."
    last = world.last(stuck)
    assert (last.refusals, last.unknown_since) == ((), NOW + HOUR)
    assert read_rehearsal(world.bucket, beside) is None


def test_as_many_servers_as_there_are_threads_may_be_stuck(
    world: World, for_ever: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = [world.add(f"a_stuck_{number}").name for number in range(8)]
    world.hosts |= {name: f"dead_{name}" for name in stuck}
    shop = world.add("shop")
    begun = threading.Barrier(len(stuck), action=lambda: fly(HOUR))

    def fly(time: timedelta) -> None:
        world.clock.now += time

    def ask(of: Target) -> NoReturn:
        if of.name in stuck:
            begun.wait()
            for_ever.wait()
        raise NO_CONNECTION

    monkeypatch.setattr(world, "ask", ask)
    lines = world.rehearse(within=DAY, patience=HOUR)
    assert sorted(line.partition(":")[0] for line in lines) == [*stuck, shop.name]
    assert world.last(shop).refusals == (str(NO_CONNECTION),)
    assert all(world.last(target).unknown for target in world.targets if target is not shop)
