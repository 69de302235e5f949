"""Promises of the brake: writers stand still when they are told to, and when nobody has looked for a while."""

from __future__ import annotations

import threading

from dbops.gateways.dump.brake import Brake

AT_ONCE, LONG = 0.0, 20.0


def test_it_holds_while_it_is_pulled() -> None:
    brake = Brake(100)
    assert brake.wait(AT_ONCE)

    brake.pull()
    assert not brake.wait(AT_ONCE)

    brake.release()
    assert brake.wait(AT_ONCE)


def test_what_is_written_between_two_looks_is_bounded() -> None:
    brake = Brake(100)
    brake.spend(99)
    assert brake.wait(AT_ONCE)

    brake.spend(99)
    assert not brake.wait(AT_ONCE)

    brake.look()
    assert brake.wait(AT_ONCE)


def test_a_look_does_not_release_what_was_pulled() -> None:
    brake = Brake(100)
    brake.pull()
    brake.look()
    assert not brake.wait(AT_ONCE)


def test_those_who_wait_go_on_at_the_next_look() -> None:
    brake = Brake(100)
    brake.spend(100)
    waiting = threading.Thread(target=brake.wait, args=(LONG,))
    waiting.start()
    brake.look()
    waiting.join(LONG / 2)
    assert not waiting.is_alive()
