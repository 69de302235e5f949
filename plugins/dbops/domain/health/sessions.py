"""Sessions that are in the way: transactions that stay open, and locks that others wait for. No query is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.health.concern import Concern, HealthServer, lasting, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.sql.object_names import quoted
from dbops.domain.words.quantities import format_count, listed


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """From how many seconds on a session is in the way: its transaction open, idle in it, or waiting for a lock."""

    open_seconds: float = 900.0
    idle_seconds: float = 60.0
    blocked_seconds: float = 1.0

    @property
    def longest(self) -> Concern:
        """The longest transaction."""
        return Concern("longest transaction", f"shorter than {lasting(self.open_seconds)}")

    @property
    def idle(self) -> Concern:
        """Transactions in which nothing is done."""
        return Concern("idle in transaction", f"none for {lasting(self.idle_seconds)} or longer")

    @property
    def blocked(self) -> Concern:
        """Sessions that wait for others."""
        return Concern("blocked sessions", f"none for {lasting(self.blocked_seconds)} or longer")


@dataclass(frozen=True, kw_only=True)
class OpenTransaction:
    """A session, or a prepared transaction (``pid`` is None), and for how long its transaction is open.

    ``idle_seconds`` is for how long it has done nothing in it, None where it works. Where it is ``hidden``, our role
    sees neither.
    """

    pid: int | None
    role: str
    application: str
    state: str
    open_seconds: float | None
    idle_seconds: float | None
    hidden: bool

    def __str__(self) -> str:
        if self.pid is None:
            return f"the prepared transaction {self.application} of role {self.role}"
        return _session(self.pid, self.role, self.application)


@dataclass(frozen=True, kw_only=True)
class LockSession:
    """A session that waits for a lock, with the processes it waits for, or one of those (``waits_seconds`` is None).

    Process 0 is a prepared transaction.
    """

    pid: int
    role: str
    application: str
    state: str
    waits_seconds: float | None
    blockers: Sequence[int]

    def __str__(self) -> str:
        return "a prepared transaction" if self.pid == 0 else _session(self.pid, self.role, self.application)


def _session(pid: int, role: str, application: str) -> str:
    by = ", ".join(word for word in (role and f"role {role}", application and f"application {application}") if word)
    return f"process {pid} ({by})" if by else f"process {pid}"


def transactions(
    sessions: Sequence[OpenTransaction], server: HealthServer, limits: SessionLimits
) -> tuple[HealthItem, HealthItem]:
    """The longest transaction, and those in which nothing is done."""
    return _longest(sessions, server, limits), _idle(sessions, server, limits)


def _longest(sessions: Sequence[OpenTransaction], server: HealthServer, limits: SessionLimits) -> HealthItem:
    seconds, one = max(
        ((one.open_seconds, one) for one in sessions if one.open_seconds is not None),
        key=lambda found: found[0],
        default=(0.0, None),
    )
    value = "none is open" if one is None else f"{lasting(seconds)}: {one}"
    if one is not None and seconds >= limits.open_seconds:
        remedy = (
            "See whether it still works: as long as it is open, vacuum cannot take away what it could see. A backup's "
            "ends by itself; end any other that nobody waits for."
        )
        sql = (
            f"SELECT pg_terminate_backend({one.pid});"
            if one.pid is not None
            else "SELECT * FROM pg_prepared_xacts ORDER BY prepared;  -- then ROLLBACK PREPARED"
        )
        return limits.longest.warning(value + _unseen(sessions), remedy, sql)
    return _unless_hidden(limits.longest, value, sessions, server)


def _idle(sessions: Sequence[OpenTransaction], server: HealthServer, limits: SessionLimits) -> HealthItem:
    idle = [(one.idle_seconds, one) for one in sessions if one.idle_seconds is not None]
    idle = sorted((found for found in idle if found[0] >= limits.idle_seconds), key=lambda found: -found[0])
    if not idle:
        return _unless_hidden(limits.idle, "none", sessions, server)
    value = listed([f"{one} for {lasting(seconds)}" for seconds, one in idle])
    remedy = (
        "Look in the application for what it does while its transaction is open, and let the server end those that "
        "forget theirs."
    )
    roles = sorted({one.role for _, one in idle if one.role})
    sql = statements([f"ALTER ROLE {quoted(role)} SET idle_in_transaction_session_timeout = '60s';" for role in roles])
    return limits.idle.warning(value + _unseen(sessions), remedy, sql)


def _unless_hidden(
    concern: Concern, value: str, sessions: Sequence[OpenTransaction], server: HealthServer
) -> HealthItem:
    if unseen := _unseen(sessions):
        return concern.hidden(value + unseen, server.monitoring)
    return concern.ok(value)


def _unseen(sessions: Sequence[OpenTransaction]) -> str:
    hidden = sum(one.hidden for one in sessions)
    return f"; {format_count(hidden, 'session')} of other roles not seen" if hidden else ""


def blocked(sessions: Sequence[LockSession], limits: SessionLimits) -> HealthItem:
    """Who waits for whom; everybody may see that."""
    by_pid = {one.pid: one for one in sessions}
    waits = [(one.waits_seconds, one) for one in sessions if one.waits_seconds is not None]
    waiting = sorted(
        (found for found in waits if found[0] >= limits.blocked_seconds), key=lambda found: (-found[0], found[1].pid)
    )
    if not waiting:
        return limits.blocked.ok("none")
    told = [
        f"{one} for {lasting(seconds)} by {listed([_pid(pid) for pid in one.blockers]) or 'nobody now'}"
        for seconds, one in waiting
    ]
    behind = {pid for _, one in waiting for pid in one.blockers}
    roots = [by_pid[pid] for pid in sorted(behind) if pid in by_pid and by_pid[pid].waits_seconds is None]
    named = listed([f"{one}{f', {one.state}' if one.state else ''}" for one in roots]) or "the oldest of them"
    remedy = f"Look at what holds the lock, and end it if nobody needs it: {named}."
    sql = statements([f"SELECT pg_terminate_backend({one.pid});" for one in roots if one.pid])
    return limits.blocked.warning(listed(told), remedy, sql or "SELECT * FROM pg_prepared_xacts ORDER BY prepared;")


def _pid(pid: int) -> str:
    return f"process {pid}" if pid else "a prepared transaction"
