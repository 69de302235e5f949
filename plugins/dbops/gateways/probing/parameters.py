"""The parameters of probes, for whoever executes them otherwise than ``measure`` does."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.connection import DatabaseAddress
from dbops.domain.probes import Drawn, Probe
from dbops.domain.target import ProbeOptions
from dbops.errors import InvalidRequest
from dbops.gateways.probing.draws import DrawRefused, draw
from dbops.gateways.probing.runnable import require_runnable
from dbops.gateways.probing.session import Session, session


def draw_parameters(
    address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions
) -> list[tuple[Probe, Sequence[Drawn]]]:
    """Each probe with its sets of parameters, the kinds one after the other; none where it takes none.

    Raises InvalidRequest where one of them cannot run, as ``require_runnable`` does, and DatabaseError.
    """
    require_runnable(address, probes, options)
    with session(address, options) as one:
        return [(probe, _drawn(one, probe, options.seed)) for probe in probes]


def _drawn(one: Session, probe: Probe, seed: int) -> Sequence[Drawn]:
    if not probe.draws:
        return ()
    try:
        return [drawn for kind in draw(one, probe, seed).kinds for drawn in kind]
    except DrawRefused as error:
        raise InvalidRequest(f"{probe.source or probe.name}: {error}.", "Correct that file.") from None
