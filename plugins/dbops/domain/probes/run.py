"""ProbeRun: what one run of the probes measured, as ``probes/<time>.json`` keeps it. It holds no row's value.

docs/probes.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.health.item import HealthItem
from dbops.domain.probes.latency import Latency
from dbops.domain.query_plan.advice import Advice, IndexProposal
from dbops.domain.words.recorded import Moment, Real, Whole
from dbops.domain.words.start_id import StartId


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Slower:
    """Slower than the run's own history: of ``statistic`` p50 or p95, in milliseconds, over so many ``runs``."""

    statistic: Literal["p50", "p95"]
    usual: Real
    now: Real
    runs: Whole


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class Explained:
    """How one statement of a probe was executed: ``shape`` is its plan without numbers and values.

    ``before`` is the shape in the last run in which the probe was well, where that was another one. ``text`` is the
    plan in full, every value masked.
    """

    kind: str = ""
    line: Whole = 1
    shape: str
    before: str = ""
    text: str = ""


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class ProbeResult:
    """One probe. ``latency`` is None where no sample succeeded, ``again`` that of the second measurement, if any.

    ``errors`` of ``asked`` samples failed, in both measurements together. ``is_confirmed`` is false where no second
    measurement has seen what is wrong: there are errors in only one of two, or no time was left for another.
    ``kinds`` is the p50 by the kind of parameters, ``waits`` the latency of each connection of a pool. ``shapes`` are
    those of its plans, by the kind of parameters, its statements' joined. ``slower`` is set where both measurements
    were slower than usual.
    """

    probe: str
    title: str
    model: str
    budget_ms: Annotated[Real, Field(gt=1e-6)]
    asked: Whole
    latency: Latency | None
    errors: Whole = 0
    error: str = ""
    again: Latency | None = None
    is_confirmed: bool = True
    kinds: dict[str, Real] = Field(default_factory=dict)
    waits: Latency | None = None
    shapes: dict[str, str] = Field(default_factory=dict)
    slower: Slower | None = None
    explained: tuple[Explained, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def is_over_budget(self) -> bool:
        """Whether its p95 is above its budget, both times that it was measured."""
        seen = [one for one in (self.latency, self.again) if one is not None]
        is_enough = self.is_confirmed or self.again is not None
        return is_enough and bool(seen) and all(one.p95 > self.budget_ms for one in seen)

    @property
    def is_failed(self) -> bool:
        """Whether the server refused it, or it took longer than any statement may: in both measurements, or always."""
        return self.latency is None or (self.errors > 0 and self.is_confirmed)

    @property
    def is_well(self) -> bool:
        """Whether it works, stays within its budget, and is not slower than usual."""
        return not (self.is_failed or self.is_over_budget or self.slower)


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class ProbeRun:
    """``round_trip`` is that of an empty statement, ``connect`` of opening a connection; ``page`` where its report is.

    ``left_out`` are the probes that were not measured at all; ``notes`` say why, and what was cut short. ``escapes``
    say what a rollback may not take back.
    """

    target: str
    run: str
    started: Moment
    finished: Moment
    server_version: str
    results: tuple[ProbeResult, ...]
    round_trip: Latency
    connect: Latency
    proposals: tuple[IndexProposal, ...] = ()
    health: tuple[HealthItem, ...] = ()
    escapes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    page: str = ""
    format: Literal[1] = 1

    @property
    def probe_id(self) -> StartId:
        """The name of its object."""
        return StartId.at(self.started)

    def of(self, probe: str) -> ProbeResult | None:
        """The result of the probe of this name; None where it was not among them."""
        return next((one for one in self.results if one.probe == probe), None)

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> ProbeRun:
        """Read a run; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(ProbeRun)
