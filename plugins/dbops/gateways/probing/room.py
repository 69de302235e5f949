"""Room: whether the server has connections left for the application while we take some."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from dbops.gateways.probing.session import Session
from dbops.gateways.server.connection_limits import read_connection_limits

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds


def shortage_that_stays(
    session: Session, take: int, free_percent: float, *, pause: Callable[[float], None], seconds: float
) -> str | None:
    """Why ``take`` connections more cannot be opened, as ``ConnectionLimits.shortage``; raises psycopg2.Error.

    It is asked again after growing pauses, of at most ``seconds`` together: connections come and go.
    """
    for wait in itertools.chain(pauses(seconds), [None]):
        sentence = read_connection_limits(session.cursor).shortage(take, free_percent)
        if sentence is None or wait is None:
            return sentence
        pause(wait)
    raise AssertionError("the last pause is None")


def pauses(seconds: float) -> Iterator[float]:
    """Those that fit into so many seconds."""
    total = 0.0
    for wait in PAUSES:
        total += wait
        if total > seconds:
            return
        yield wait
