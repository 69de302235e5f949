"""Made-up steps of a load, and a clock that passes only where something waits or works."""

from __future__ import annotations

from typing import Any

from dbops.domain.load.steps import STEPS, LoadStep
from dbops.domain.probes.latency import Latency
from dbops.domain.servers.connection_limits import ConnectionLimits

MILLISECOND = 1_000_000
SECOND = 1_000_000_000
BOUND = {"worker_cpu": 0.95}
"""Of a step in which our own worker was the limit."""


class VirtualTimer:
    """The time of one connection's thread."""

    def __init__(self) -> None:
        self.moment = 0

    def now(self) -> int:
        return self.moment

    def wait_until(self, moment: int) -> bool:
        self.moment = max(self.moment, moment)
        return True


def latency(milliseconds: float) -> Latency:
    return Latency.of([round(milliseconds * MILLISECOND)])


def step(connections: int, throughput: float, **changed: Any) -> LoadStep:
    """A step in which the server kept up with its schedule, and the worker had little to do."""
    given: dict[str, Any] = {
        "busy": latency(connections / throughput * 1000),
        "rate": throughput * 0.7,
        "response": latency(2),
        "service": latency(2),
        "connect": latency(5),
        "requests": 1000,
        "worker_cpu": 0.1,
        "worker_delay_ms": 0.1,
    }
    return LoadStep(connections=connections, throughput=throughput, **{**given, **changed})


def steps(*throughputs: float, **changed: Any) -> list[LoadStep]:
    """Steps of a load as they follow each other, with the throughput of each."""
    return [step(connections, each, **changed) for connections, each in zip(STEPS, throughputs, strict=False)]


def limits(**changed: Any) -> ConnectionLimits:
    given: dict[str, Any] = {"server_version": "17.10", "max_connections": 100, "reserved": 3, "used": 5}
    return ConnectionLimits(**{**given, **changed})
