"""probe_load: put a database under the load of its reading probes, and say which pool it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from dbops.domain.load.mix import is_under_load
from dbops.domain.load.pool_advice import pool_advice
from dbops.domain.load.report import LoadReport
from dbops.domain.load.steps import STEPS
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import InvalidRequest
from dbops.gateways.load import put_under_load
from dbops.gateways.probing import draw_parameters

Parameters = Sequence[tuple[Probe, Sequence[Drawn]]]


def probe_load(
    target: Target,
    address: DatabaseAddress,
    probes: Sequence[Probe],
    *,
    clock: Callable[[], datetime],
    accepted: bool = False,
    steps: Sequence[int] = STEPS,
    seconds: float = 5.0,
    tell: Callable[[str], None] = lambda _sentence: None,
    draw: Callable[[DatabaseAddress, Sequence[Probe], ProbeOptions], Parameters] = draw_parameters,
) -> LoadReport:
    """Load the target's database with those of its probes that only read, ``seconds`` for each step.

    ``accepted`` says that somebody wants this for production. Raises InvalidRequest before anything is touched, and
    DatabaseError.
    """
    _require_load(target, address, probes, accepted=accepted)
    reading = [probe for probe in probes if is_under_load(probe)]
    started = clock()
    asked = draw(address, reading, target.probes)
    left_out = sorted({probe.name for probe in reading} - {probe.name for probe, _ in asked})
    load = put_under_load(address, asked, target.probes, steps=steps, seconds=seconds, tell=tell)
    free_percent = target.probes.free_connections
    return LoadReport(
        target=target.name,
        started=started,
        finished=clock(),
        probes=tuple(probe.name for probe, _ in asked),
        steps=load.steps,
        advice=pool_advice(load.steps, load.limits, free_percent) if load.steps else None,
        limits=load.limits,
        most_used=load.most_used,
        least_free=load.least_free,
        free_percent=free_percent,
        refused=load.refused,
        local=load.local,
        stopped=load.stopped,
        notes=(
            *(f"{name} was left out: it has no parameters, or our role is not allowed to run it." for name in left_out),
            *load.notes,
        ),
    )


def _require_load(target: Target, address: DatabaseAddress, probes: Sequence[Probe], *, accepted: bool) -> None:
    """Raise InvalidRequest where this target must not, or cannot, be put under load."""
    if target.environment == "production" and not accepted:
        raise InvalidRequest(
            f"{target.name} is production, and a load takes capacity away from its users.",
            f"Measure a copy; or accept that, with `python -m dbops probe {target.name} --load --yes`, at a quiet "
            "time.",
        )
    address.require_direct(
        target.probing_connection, "it would be what is measured, and its sessions belong to others too"
    )
    if not any(is_under_load(probe) for probe in probes):
        raise InvalidRequest(
            f"{target.name} has no probe that only reads, and a load uses only those.",
            f"Write one below include/sql/{target.name}/probes.",
        )
