"""Connections in use against what is allowed, and how large the pools of a database's applications may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dbops.domain.health.concern import Concern
from dbops.domain.health.item import HealthItem

_FULL = 0.8
CONNECTIONS = Concern("connections", "below 80 % of what the server, the database and each role allow")
_SHOWN = (
    "SELECT datname, usename, application_name, state, count(*) FROM pg_stat_activity "
    "WHERE datid IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC;"
)


@dataclass(frozen=True)
class ConnectionUse:
    """Connections in use of the server, of our database, or of a role; ``allowed`` is None without a limit.

    What the server allows is without those it reserves for superusers.
    """

    scope: Literal["server", "database", "role"]
    name: str
    used: int
    allowed: int | None

    @property
    def share(self) -> float:
        """How much of it is in use, 0 where there is no limit; a limit of none is full."""
        if self.allowed is None:
            return 0.0
        return self.used / self.allowed if self.allowed > 0 else 1.0

    def __str__(self) -> str:
        where = {"server": "", "database": f"database {self.name}: ", "role": f"role {self.name}: "}[self.scope]
        return f"{where}{self.used} of {self.allowed} ({self.share:.0%})".replace("%", " %")


def room_for_pools(uses: Sequence[ConnectionUse]) -> int:
    """How many connections all pools of this database's applications may have together.

    It is what the server allows without the connections of other databases, or less where the database has a limit.
    """
    server = next(use for use in uses if use.scope == "server")
    database = next(use for use in uses if use.scope == "database")
    room = (server.allowed or 0) - (server.used - database.used)
    return max(room if database.allowed is None else min(room, database.allowed), 0)


def connections(uses: Sequence[ConnectionUse]) -> HealthItem:
    """Judge the fullest; ``uses`` has one of the server and one of the database, and any number of roles."""
    limited = [use for use in uses if use.allowed is not None]
    room = room_for_pools(uses)
    value = f"{'; '.join(str(use) for use in limited)}. Pools of this database: at most {room} together"
    if all(use.share < _FULL for use in limited):
        return CONNECTIONS.ok(value)
    remedy = (
        f"Make the pools of all instances of the application smaller, to at most {room} connections together, and "
        "close those that are idle, or put a pooler such as PgBouncer before the server. A higher limit costs memory, "
        "and for max_connections a restart."
    )
    return CONNECTIONS.warning(value, remedy, _SHOWN)
