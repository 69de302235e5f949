"""explain_probes: how each probe is executed, what the slow ones are advised, and which indexes the plans ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbops.domain.advice import IndexProposal
from dbops.domain.connection import DatabaseAddress
from dbops.domain.index_proposals import propose
from dbops.domain.measurement import Measurement
from dbops.domain.probes import Drawn, Probe
from dbops.domain.probes.run import Explained, ProbeResult, ProbeRun
from dbops.domain.query_plan import Plan, joined_shape
from dbops.domain.query_plan.advice import advise
from dbops.domain.recommended_indexes import RecommendedIndex
from dbops.domain.target import ProbeOptions, Target
from dbops.errors import DatabaseError
from dbops.gateways.baseline_files import read_baseline
from dbops.gateways.explain import explain
from dbops.gateways.schema_reader import read_schema
from dbops.gateways.table_statistics import read_statistics


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

    Raises SchemaFileFault where schema.yaml cannot be used, and DatabaseError where the server is gone.
    """
    baseline = read_baseline(include, target.name)
    notes: list[str] = []
    plans = {
        probe.name: _plans(address, probe, measurement, target.probes, notes) for probe in probes if not probe.is_pool
    }
    statistics = read_statistics(address)
    proposals = propose(
        {name: [plan for one in by_sample for plan in one] for name, by_sample in plans.items()},
        live=read_schema(address),
        baseline=baseline,
        recommended=[RecommendedIndex.of(*one) for one in baseline.recommended_indexes.items()] if baseline else [],
        statistics=statistics,
    )
    explained = []
    for probe, result in zip(probes, results, strict=True):
        by_sample = plans.get(probe.name, [])
        told = replace(result, shapes=_shapes(by_sample))
        if by_sample and not result.is_well:
            slowest = by_sample[-1]
            before = _shape_before(result.probe, slowest[0].kind, history)
            if before == told.shapes[slowest[0].kind]:
                before = ""  # the plans of other rows may differ from it on any day
            told = replace(
                told,
                explained=tuple(_explained(slowest, before)),
                advice=advise(
                    probe,
                    slowest,
                    latency=result.latency,
                    round_trip_ms=measurement.round_trip.p50,
                    before=before,
                    statistics=statistics,
                    proposals=proposals,
                )
                if result.latency
                else (),
            )
        explained.append(told)
    return Explanation(results=tuple(explained), proposals=proposals, notes=tuple(notes))


def _plans(
    address: DatabaseAddress, probe: Probe, measurement: Measurement, options: ProbeOptions, notes: list[str]
) -> list[tuple[Plan, ...]]:
    """Those of each kind of parameters, and last those of the slowest sample."""
    measured = measurement.of(probe.name)
    plans = []
    for drawn in (*measured.drawn, measured.slowest):
        try:
            plans.append(_explain(address, probe, drawn, options))
        except DatabaseError as error:
            notes.append(error.what)
            break
    return [one for one in plans if one]


def _explain(address: DatabaseAddress, probe: Probe, drawn: Drawn, options: ProbeOptions) -> tuple[Plan, ...]:
    """With what it did, or where that takes too long, with what the planner expects."""
    try:
        return explain(address, probe, drawn, options, analyze=True)
    except DatabaseError:
        return explain(address, probe, drawn, options, analyze=False)


def _shapes(by_sample: Iterable[tuple[Plan, ...]]) -> dict[str, str]:
    shapes: dict[str, str] = {}
    for plans in by_sample:
        shapes.setdefault(plans[0].kind, joined_shape(plans))
    return shapes


def _shape_before(probe: str, kind: str, history: Sequence[ProbeRun]) -> str:
    """The shape for such parameters in the last run in which the probe was well; empty where there is none."""
    for run in reversed(history):
        result = run.of(probe)
        if result is not None and result.is_well and kind in result.shapes:
            return result.shapes[kind]
    return ""


def _explained(plans: Sequence[Plan], before: str) -> Iterable[Explained]:
    for plan in plans:
        yield Explained(
            kind=plan.kind,
            line=plan.line,
            shape=plan.shape(),
            before=before,
            text=plan.text(),
        )
