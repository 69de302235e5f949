"""The parameters of probes, for whoever executes them otherwise than ``measure`` does."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import InvalidRequest
from dbops.gateways.probing.draws import DrawRefused, NothingDrawn, draw
from dbops.gateways.probing.runnable import require_runnable_in
from dbops.gateways.probing.session import Session, session


def draw_parameters(
    address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions
) -> list[tuple[Probe, Sequence[Drawn]]]:
    """Each probe with its sets of parameters, the kinds one after the other; none where it takes none.

    Probes for which our role lacks a privilege, or whose draws give no row, are not among them. Raises InvalidRequest
    where one of them cannot run, as ``require_runnable`` does, or all are left out, and DatabaseError.
    """
    found: list[tuple[Probe, Sequence[Drawn]]] = []
    with session(address, options) as one:
        left_out = dict(require_runnable_in(one, probes, options.seed))
        for probe in probes:
            if probe.name in left_out:
                continue
            try:
                found.append((probe, _drawn(one, probe, options.seed)))
            except NothingDrawn as error:
                left_out[probe.name] = str(error)
    if not found:
        raise InvalidRequest(
            f"None of the probes can be executed: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}.",
            "Grant our role what it lacks, or name another one under probes.connection, or fill the tables.",
        )
    return found


def _drawn(one: Session, probe: Probe, seed: int) -> Sequence[Drawn]:
    if not probe.draws:
        return ()
    try:
        return [drawn for kind in draw(one, probe, seed).kinds for drawn in kind]
    except NothingDrawn:
        raise
    except DrawRefused as error:
        raise InvalidRequest(f"{probe.source or probe.name}: {error}.", "Correct that file.") from None
