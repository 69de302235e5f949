"""In time: something that may hang, and for which a process that is about to be ended waits for seconds only."""

from __future__ import annotations

import threading
from collections.abc import Callable


def ends_in_time(work: Callable[[], object], seconds: float, name: str) -> bool:
    """Whether that ended within so many seconds; else it goes on in its thread, which keeps no process alive.

    Raises RuntimeError where no thread could be started: the process or its machine is full. ``work`` raises nothing.
    """
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()
