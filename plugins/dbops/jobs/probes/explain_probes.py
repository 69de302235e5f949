"""explain_probes: how each probe is executed, what the slow ones are advised, and which indexes the plans ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dbops.domain.advice.advise import advise
from dbops.domain.advice.index_proposals import propose, unsuited
from dbops.domain.probes import Probe
from dbops.domain.probes.measurement import Measured, Measurement
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun
from dbops.domain.query_plan import Plan, joined_shape, shapes_before
from dbops.domain.query_plan.advice import IndexProposal
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DatabaseError
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.probing.explain import Explainer, explaining
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.server.table_statistics import read_statistics


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The ``results`` with the shapes of their plans, and for those that are not well the plans and advice.

    ``notes`` say what could not be explained, and why.
    """

    results: tuple[ProbeResult, ...]
    proposals: tuple[IndexProposal, ...]
    notes: tuple[str, ...]


def explain_probes(
    target: Target,
    address: DatabaseAddress,
    probes: Sequence[Probe],
    measurement: Measurement,
    *,
    results: Sequence[ProbeResult],
    history: Sequence[ProbeRun],
    include: Path,
) -> Explanation:
    """Execute each probe once more with EXPLAIN for every kind of its parameters, and with those of its slowest sample.

    What runs into a time limit is not executed again: of that there is what the planner expects.

    Raises SchemaFileFault where schema.yaml cannot be used, and DatabaseError where the server is gone.
    """
    baseline = read_baseline(include, target.name)
    notes: list[str] = []
    with explaining(address, target.probes) as explainer:
        plans = {
            probe.name: _plans(explainer, probe, measurement.of(probe.name), notes)
            for probe in probes
            if not probe.is_pool
        }
    statistics = read_statistics(address)
    live = read_schema(address)
    proposals = propose(
        {name: found.all for name, found in plans.items()},
        live=live,
        baseline=baseline,
        recommended=[RecommendedIndex.of(*one) for one in baseline.recommended_indexes.items()] if baseline else [],
        statistics=statistics,
    )
    explained = []
    for probe, result in zip(probes, results, strict=True):
        found = plans.get(probe.name, _Plans())
        told = replace(result, shapes=found.shapes())
        if found.telling and not result.is_well:
            before = found.before(_shape_before(probe.name, found.telling[0].kind, history))
            advice = advise(
                probe,
                found.telling,
                latency=result.latency,
                round_trip_ms=measurement.round_trip.p50,
                before=before,
                statistics=statistics,
                proposals=proposals,
                unsuited=unsuited(found.telling, live=live, statistics=statistics),
            )
            told = replace(told, explained=tuple(_explained(found.telling, before)), advice=advice)
        explained.append(told)
    return Explanation(results=tuple(explained), proposals=proposals, notes=tuple(notes))


@dataclass
class _Plans:
    """A probe's plans: by the first parameters of every kind, and by those of the slowest sample, if there is one."""

    of_kinds: list[tuple[Plan, ...]] = field(default_factory=list)
    of_slowest: tuple[Plan, ...] = ()

    @property
    def all(self) -> list[Plan]:
        return [plan for one in (*self.of_kinds, self.of_slowest) for plan in one]

    @property
    def telling(self) -> tuple[Plan, ...]:
        """Those that tell most of why it is slow; kinds are listed with the heaviest first."""
        return self.of_slowest or next(iter(self.of_kinds), ())

    def shapes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for plans in (*self.of_kinds, *([self.of_slowest] if self.of_slowest else [])):
            found.setdefault(plans[0].kind, joined_shape(plans))
        return found

    def before(self, joined: str) -> list[str]:
        """What is another plan by the first parameters of its kind too: those of other rows may differ on any day."""
        kind = self.telling[0].kind
        same = next((plans for plans in self.of_kinds if plans[0].kind == kind), self.telling)
        pairs = zip(shapes_before(self.telling, joined), shapes_before(same, joined), strict=True)
        return [was if first_was else "" for was, first_was in pairs]


def _plans(explainer: Explainer, probe: Probe, measured: Measured, notes: list[str]) -> _Plans:
    """What can be had of them; nobody waits for a time limit more often than once."""
    found = _Plans()
    gave_up = measured.errors > 0 and measured.asked < probe.samples
    analyze = measured.latency is not None and not gave_up
    samples = [*measured.drawn, *([measured.slowest] if measured.latency is not None else [])]
    try:
        for number, drawn in enumerate(samples):
            try:
                plans = explainer.plans(probe, drawn, analyze=analyze)
            except DatabaseError:
                if not analyze or explainer.is_lost:
                    raise
                analyze = False
                plans = explainer.plans(probe, drawn, analyze=False)
            if number < len(measured.drawn):
                found.of_kinds.append(plans)
            else:
                found.of_slowest = plans
    except DatabaseError as error:
        if not measured.error or measured.error.rstrip(".") not in error.what:  # that it fails so is told already
            notes.append(error.what)
    return found


def _shape_before(probe: str, kind: str, history: Sequence[ProbeRun]) -> str:
    """The shape for such parameters in the last run in which the probe was well; empty where there is none."""
    for run in reversed(history):
        result = run.of(probe)
        if result is not None and result.is_well and kind in result.shapes:
            return result.shapes[kind]
    return ""


def _explained(plans: Sequence[Plan], before: Sequence[str]) -> Iterator[Explained]:
    for plan, was in zip(plans, before, strict=True):
        yield Explained(kind=plan.kind, line=plan.line, shape=plan.shape(), before=was, text=plan.text())
