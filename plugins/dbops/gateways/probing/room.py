"""Room: whether the server has connections left for the application while we take some."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dbops.gateways.probing.session import Session
from dbops.gateways.sql_files import catalog_sql

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds


@dataclass(frozen=True)
class Limit:
    """How many connections ``whose`` may have, how many of them we may use, and how many there are."""

    whose: str
    allowed: int
    usable: int
    used: int

    def shortage(self, take: int, free_percent: float) -> str | None:
        """A sentence where less than that many per cent would be free after taking some; None where there is room."""
        free = self.usable - self.used - take
        if free >= 0 and free * 100 >= free_percent * self.allowed:
            return None
        return (
            f"{self.used} of the {self.allowed} connections of {self.whose} are in use, {self.usable} of them are for "
            f"roles like ours, and {free_percent:g} % are to stay free"
        )


def limits(session: Session) -> list[Limit]:
    """Those of the server, the database and the role; raises psycopg2.Error."""
    ((usable, used, of_database, in_database, of_role, as_role, highest),) = session.ask(
        catalog_sql("connections_used")
    )
    found = [Limit("the server", highest, usable, used)]
    if of_database is not None:
        found.append(Limit("the database", of_database, of_database, in_database))
    if of_role is not None:
        found.append(Limit("the role", of_role, of_role, as_role))
    return found


def shortage(session: Session, take: int, free_percent: float) -> str | None:
    """A sentence where there is no room for ``take`` connections more than there are; raises psycopg2.Error."""
    found = (limit.shortage(take, free_percent) for limit in limits(session))
    return next((sentence for sentence in found if sentence is not None), None)


def shortage_that_stays(
    session: Session, take: int, free_percent: float, *, pause: Callable[[float], None], seconds: float
) -> str | None:
    """The same, after growing pauses of at most ``seconds`` together: connections come and go."""
    for wait in itertools.chain(pauses(seconds), [None]):
        sentence = shortage(session, take, free_percent)
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
