"""ConnectionLimits: how many connections a server, a database and a role may have, and how many are free to us."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Ceiling:
    """One limit of connections: ``who`` has it, ``used`` of them are taken, ours among them."""

    who: str
    limit: int
    used: int

    @property
    def free(self) -> int:
        """How many more there may be; never negative."""
        return max(0, self.limit - self.used)

    def reserve(self, percent: float) -> int:
        """How many are to stay free for others, where ``percent`` of the limit are."""
        return math.ceil(self.limit * percent / 100)

    def room(self, percent: float) -> int:
        """How many more we may open; negative where fewer are free than are to stay free."""
        return self.limit - self.used - self.reserve(percent)


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """``reserved`` of ``max_connections`` are for superusers and those like them. A limit is None where there is none.

    ``idle_session_timeout_ms`` is after how long the server ends an idle session of our role; 0 for never.
    """

    server_version: str
    max_connections: int
    reserved: int
    used: int
    database_limit: int | None = None
    database_used: int = 0
    role_limit: int | None = None
    role_used: int = 0
    idle_session_timeout_ms: int = 0

    def ceilings(self) -> tuple[Ceiling, ...]:
        """Every limit that binds us."""
        found = [Ceiling("the server", self.max_connections - self.reserved, self.used)]
        if self.database_limit is not None:
            found.append(Ceiling("the database", self.database_limit, self.database_used))
        if self.role_limit is not None:
            found.append(Ceiling("our role", self.role_limit, self.role_used))
        return tuple(found)

    def tightest(self, percent: float) -> Ceiling:
        """The limit that leaves us the least room, where ``percent`` of each are left to others."""
        return min(self.ceilings(), key=lambda ceiling: ceiling.room(percent))

    @property
    def least_free(self) -> int:
        """How many more connections could be opened by anybody like us."""
        return min(ceiling.free for ceiling in self.ceilings())
