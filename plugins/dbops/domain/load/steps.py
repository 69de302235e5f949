"""Load: what a server did under 1, 2, 5, ... connections that all ask at once, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.probes.latency import Latency
from dbops.domain.servers.connection_limits import ConnectionLimits

STEPS = (1, 2, 5, 10, 25, 50)

_BUSY = 0.8  # of one processor: Python runs one thread at a time
_AT_EASE = 0.5
_LATE_MS = 2.0


@dataclass(frozen=True, kw_only=True)
class LoadStep:
    """So many ``connections`` at once; a request is one execution of one probe, all its statements.

    ``throughput`` is what they could do without a pause, in requests a second, and ``busy`` how long one took then.
    Then ``rate`` requests a second fell due, whatever became of those before: ``response`` counts from when a request
    was due, ``service`` from when it was sent. ``unanswered`` are those that were not even sent in time; they are in
    ``response`` with as long as they had waited. ``connect`` is of the connections that this step opened.

    ``worker_cpu`` is how much of one processor our own process used meanwhile, and ``worker_delay_ms`` the p95 of how
    late it was where it had nothing to do but to wait for the next request to fall due. ``local`` says that the server
    runs on the worker's own machine.
    """

    connections: int
    throughput: float
    busy: Latency
    rate: float
    response: Latency
    service: Latency
    connect: Latency
    requests: int
    errors: int = 0
    unanswered: int = 0
    worker_cpu: float = 0.0
    worker_delay_ms: float = 0.0
    local: bool = False

    @property
    def is_worker_bound(self) -> bool:
        """Whether our own process, and not the server, may have been what was too slow.

        One that has little to do, and is late on the server's own machine, is so because the server has its
        processors: that is the load, and no limit of ours.
        """
        if self.local and self.worker_cpu < _AT_EASE:
            return False
        return self.worker_cpu >= _BUSY or self.worker_delay_ms >= max(_LATE_MS, self.service.p50)


@dataclass(frozen=True, kw_only=True)
class Load:
    """``limits`` are those before the first step, with the number of connections then.

    ``most_used`` connections of the server were in use at one time, ours among them, and ``least_free`` more could
    have been opened. ``refused`` says that the server had none left for us. ``stopped`` is the sentence why it ended
    early, empty where it did not; ``notes`` are what was left out, and why. ``local`` is that of its steps.
    """

    steps: tuple[LoadStep, ...]
    limits: ConnectionLimits
    most_used: int
    least_free: int
    refused: bool = False
    local: bool = False
    stopped: str = ""
    notes: tuple[str, ...] = ()
