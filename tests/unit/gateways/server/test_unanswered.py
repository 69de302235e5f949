"""Promise: a wait for a session that does not answer ends at its time, and at once when a signal asks for it."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from dbops.gateways.server.unanswered import answered


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """One end of a line at whose other end nobody speaks."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


class Stopped(BaseException):
    """What a signal raises."""


def test_the_wait_is_cut_at_its_time(silent: socket.socket) -> None:
    assert answered(lambda: silent.recv(1), silent, seconds=0.2) == b""


def test_a_signal_ends_the_wait_and_leaves_nobody_waiting(silent: socket.socket) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    ended = threading.Event()

    def wait() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.25)  # not before somebody waits
        silent.recv(1)
        ended.set()

    try:
        with pytest.raises(Stopped):
            answered(wait, silent, seconds=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert ended.wait(60)
