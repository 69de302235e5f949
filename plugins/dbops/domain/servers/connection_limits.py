"""ConnectionLimits: how many connections a server, a database and a role may have, and how many are free to us."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Ceiling:
    """One limit of connections: ``who`` has it, ``used`` of them are taken, ours among them.

    ``limit`` is what is there for us and those like us; ``reserved`` are on top of it, for others.
    """

    who: str
    limit: int
    used: int
    reserved: int = 0

    @property
    def free(self) -> int:
        """How many more there may be; never negative."""
        return max(0, self.limit - self.used)

    def reserve(self, percent: float) -> int:
        """How many are to stay free for others, where ``percent`` of all connections are."""
        return math.ceil((self.limit + self.reserved) * percent / 100)

    def kept(self, percent: float) -> str:
        """The same in words."""
        kept = self.reserve(percent)
        return f"{kept} {'is' if kept == 1 else 'are'} left to others"

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
        found = [Ceiling("the server", self.max_connections - self.reserved, self.used, self.reserved)]
        if self.database_limit is not None:
            found.append(Ceiling("the database", self.database_limit, self.database_used))
        if self.role_limit is not None:
            found.append(Ceiling("our role", self.role_limit, self.role_used))
        return tuple(found)

    def tightest(self, percent: float) -> Ceiling:
        """The limit that leaves us the least room, where ``percent`` of each are left to others."""
        return min(self.ceilings(), key=lambda ceiling: ceiling.room(percent))

    def shortage(self, wanted: int, percent: float) -> str | None:
        """Why so many more cannot be opened, in a sentence without its full stop; None where they can."""
        tightest = self.tightest(percent)
        if wanted <= tightest.room(percent):
            return None
        return (
            f"{tightest.used} of the {tightest.limit} connections of {tightest.who} were in use, ours among them, and "
            f"{tightest.kept(percent)}"
        )

    @property
    def least_free(self) -> int:
        """How many more connections could be opened by anybody like us."""
        return min(ceiling.free for ceiling in self.ceilings())
