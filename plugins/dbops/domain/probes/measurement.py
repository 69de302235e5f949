"""Measurement: what came of executing a target's probes. It stays in memory: it holds parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbops.domain.probes import Drawn
from dbops.domain.probes.latency import Latency


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One probe: ``latency`` None where no sample succeeded; of a pool the time until every connection had answered.

    ``error`` is what the server said first, without a row's values, of ``errors`` samples that failed of ``asked``.
    ``kinds`` is the latency by the kind of parameters; ``waits`` that of each connection of a pool. ``slowest`` are
    the parameters of the slowest sample, ``drawn`` the first ones of every kind.
    """

    probe: str
    asked: int
    latency: Latency | None
    errors: int = 0
    error: str = ""
    kinds: Mapping[str, Latency] = field(default_factory=dict)
    waits: Latency | None = None
    slowest: Drawn = field(default_factory=Drawn)
    drawn: tuple[Drawn, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """All probes: ``round_trip`` is that of an empty statement, ``connect`` of opening a connection and logging in.

    ``notes`` are sentences on what was left out or cut short, and why: scarce connections, the ceiling of time.
    ``seconds`` is how long all of it took.
    """

    measured: tuple[Measured, ...]
    round_trip: Latency
    connect: Latency
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def names(self) -> frozenset[str]:
        """The probes that are in it."""
        return frozenset(one.probe for one in self.measured)

    def of(self, probe: str) -> Measured:
        """That of the probe of this name; raises KeyError."""
        for one in self.measured:
            if one.probe == probe:
                return one
        raise KeyError(probe)


@dataclass(frozen=True, kw_only=True)
class Escape:
    """What a rollback does not take back: ``sentence`` names the trigger, sequence or notification, and its probe."""

    probe: str
    kind: str
    sentence: str
