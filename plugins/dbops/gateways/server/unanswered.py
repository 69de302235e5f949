"""What to do with a session that does not answer: the driver waits for ever, deaf to signals, while it waits."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg2

T = TypeVar("T")

_TICK = 0.1


def answered(work: Callable[[], T], connection: Any, *, seconds: float) -> T:
    """What ``work`` returns, which waits for that connection, or raises; after so many seconds the wait is cut.

    The driver waits in another thread, so that a signal is heard here.
    """
    results: list[T] = []
    raised: list[Exception] = []

    over = threading.Event()

    def wait() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - it is raised again, where somebody hears it
            raised.append(error)
        finally:
            over.set()

    # Not joined: a join that a signal ends takes the thread for ended too (Python 3.11).
    threading.Thread(target=wait, daemon=True, name="unanswered").start()
    until = time.monotonic() + seconds
    try:
        while not over.is_set() and time.monotonic() < until:
            over.wait(_TICK)
    finally:
        over.wait(_TICK)
        while not over.is_set():  # to close the connection would wait for the answer too
            cut(connection)
            over.wait(_TICK)
    if raised:
        raise raised[0]
    return results[0]


def cut(connection: Any) -> None:
    """Shut a connection's socket: whoever waits for its answer is told that there is none. It has to be closed yet."""
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error):
        return  # there is nobody at the other end any more
