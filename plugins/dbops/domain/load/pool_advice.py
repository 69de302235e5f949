"""Pool advice: which pool and which timeouts follow from where a server saturates, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dbops.domain.load.saturation import Saturation, connections_of, saturation, trusted
from dbops.domain.load.steps import LoadStep
from dbops.domain.servers.connection_limits import ConnectionLimits
from dbops.domain.words.quantities import format_count

_INSTANCES = (1, 2, 4, 8)
_CONNECT = (2, 30)  # seconds, at least and at most
_WAIT = (2, 10)
# Azure's load balancer forgets a connection that was idle for 4 minutes, AWS's network load balancers and NAT gateways
# after 350 seconds.
_IDLE = 180
_SCARCE, _IDLE_WHEN_SCARCE = 0.6, 60


@dataclass(frozen=True, kw_only=True)
class PoolSetting:
    """One number, in the words of those who have pools; ``why`` is the sentence that explains it.

    ``value`` is of all instances of the application together where it is a number of connections, else seconds.
    """

    name: Literal["pool size", "pool timeout", "connect timeout", "idle timeout"]
    value: int
    why: str
    prisma: str
    node: str
    sqlalchemy: str
    pgbouncer: str


@dataclass(frozen=True, kw_only=True)
class PoolAdvice:
    """``instances`` are pairs: with so many instances of the application, so many connections for each."""

    saturation: Saturation
    settings: tuple[PoolSetting, ...]
    instances: tuple[tuple[int, int], ...] = ()

    @property
    def pool_size(self) -> int | None:
        """Of all instances together; None where nothing can be said."""
        return next((setting.value for setting in self.settings if setting.name == "pool size"), None)


def pool_advice(steps: Sequence[LoadStep], limits: ConnectionLimits, free_percent: float) -> PoolAdvice:
    """What a pool of this server should be; ``free_percent`` of each limit are left to others."""
    found = saturation(steps)
    size = _pool_size(found, steps, limits, free_percent)
    at = _step_of(size, steps)
    waiting = () if at is None else (_pool_timeout(at),)
    timeouts = (*waiting, _connect_timeout(steps), _idle_timeout(steps, limits))
    if size is None:
        return PoolAdvice(saturation=found, settings=timeouts)
    return PoolAdvice(
        saturation=found,
        settings=(size, *timeouts),
        instances=tuple((number, size.value // number) for number in _INSTANCES if number <= size.value),
    )


def _pool_size(
    found: Saturation, steps: Sequence[LoadStep], limits: ConnectionLimits, free_percent: float
) -> PoolSetting | None:
    wanted = found.connections or max((step.connections for step in trusted(steps)), default=None)
    if wanted is None:
        return None
    pool = format_count(wanted, "connection")
    why = {
        "throughput": f"more than {pool} bring no more throughput, only longer waits on the server",
        "response": f"with more than {pool} requests wait behind each other on the server",
        "worker": f"{wanted} is the most at which the server, and not our worker, was measured",
        "not reached": f"{wanted} is the most that was tried, and the server still gained from it",
    }[found.cause]
    tightest = min(limits.ceilings(), key=lambda ceiling: ceiling.limit - ceiling.reserve(free_percent))
    most = tightest.limit - tightest.reserve(free_percent)
    if most < wanted:
        why += f"; yet {tightest.who} allows {tightest.limit}, of which {tightest.kept(free_percent)}"
    value = max(1, min(wanted, most))
    return PoolSetting(
        name="pool size",
        value=value,
        why=f"{_sentence(why)} It is for all instances of the application together.",
        prisma="connection_limit",
        node="max",
        sqlalchemy="pool_size, with max_overflow=0",
        pgbouncer="default_pool_size, undivided",
    )


def _step_of(size: PoolSetting | None, steps: Sequence[LoadStep]) -> LoadStep | None:
    """The step that is nearest to a pool of that size from below; the largest where there is no size.

    One connection is no pool, in which requests wait for each other: it is none of one, and None where no other was
    measured.
    """
    shared = sorted((step for step in steps if step.connections > 1), key=lambda step: step.connections)
    fitting = [step for step in shared if size is None or step.connections <= size.value]
    return fitting[-1] if fitting else next(iter(shared), None)


def _pool_timeout(at: LoadStep) -> PoolSetting:
    value = _within(_WAIT, 10 * at.response.p99 / 1000)
    return PoolSetting(
        name="pool timeout",
        value=value,
        why=f"With {connections_of(at)} 99 of 100 requests were answered {at.response.p99:,.1f} ms after they fell "
        f"due. Who has waited {value} seconds for a connection stands in a queue that grows, and is better told so.",
        prisma="pool_timeout",
        node="connectionTimeoutMillis",
        sqlalchemy="pool_timeout",
        pgbouncer="query_wait_timeout",
    )


def _connect_timeout(steps: Sequence[LoadStep]) -> PoolSetting:
    slowest = max(steps, key=lambda step: step.connect.max)
    value = _within(_CONNECT, 4 * slowest.connect.max / 1000)
    return PoolSetting(
        name="connect timeout",
        value=value,
        why=f"The slowest connection took {slowest.connect.max:,.1f} ms to open, in the step of "
        f"{connections_of(slowest)}. Four times as long means that the server does not answer; less than 2 seconds "
        "would not survive one lost packet.",
        prisma="connect_timeout",
        node="connectionTimeoutMillis",
        sqlalchemy='connect_args={"connect_timeout": ...}',
        pgbouncer="server_connect_timeout",
    )


def _idle_timeout(steps: Sequence[LoadStep], limits: ConnectionLimits) -> PoolSetting:
    ceiling = max(limits.ceilings(), key=lambda each: each.used / max(1, each.limit))
    cost = steps[0].connect.p50
    ends = limits.idle_session_timeout_ms / 1000
    value, why = (
        _IDLE,
        f"A connection costs {cost:,.1f} ms, so it is kept while it may be needed, but less long than the 4 minutes "
        "after which load balancers and NAT gateways begin to forget an idle one",
    )
    if ceiling.used >= _SCARCE * ceiling.limit:
        value = _IDLE_WHEN_SCARCE
        why = (
            f"{ceiling.used} of the {ceiling.limit} connections of {ceiling.who} were in use before the first step, so "
            f"an idle one is given back soon; a new one costs {cost:,.1f} ms"
        )
    if ends and ends / 2 < value:
        value = max(1, int(ends / 2))
        why = f"The server ends idle sessions after {ends:g} seconds (idle_session_timeout); the pool must be earlier"
    return PoolSetting(
        name="idle timeout",
        value=value,
        why=_sentence(why),
        prisma="max_idle_connection_lifetime",
        node="idleTimeoutMillis",
        sqlalchemy="pool_recycle, with pool_pre_ping=True",
        pgbouncer="server_idle_timeout",
    )


def _within(bounds: tuple[int, int], seconds: float) -> int:
    lowest, highest = bounds
    return min(max(math.ceil(seconds), lowest), highest)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
