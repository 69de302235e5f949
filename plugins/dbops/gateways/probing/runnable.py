"""Asks the server, before any probe runs, whether all of them can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbops.domain.connection import DatabaseAddress
from dbops.domain.object_names import written
from dbops.domain.probes import Drawn, Probe
from dbops.domain.target import ProbeOptions
from dbops.errors import InvalidRequest
from dbops.gateways.probing.draws import DrawRefused, drawn_rows
from dbops.gateways.probing.prepared import StatementRefused, planned
from dbops.gateways.probing.session import Session, session


def require_runnable(address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions) -> None:
    """Raise one InvalidRequest that names every bad file and line; no probe is executed, only draws are.

    Bad is a statement that the server cannot prepare, that is no query, or that writes where its probe says that it
    does not, and a draw that is refused, gives no row, or lacks a parameter. What only a lock or a full disk stops is
    not. Raises DatabaseError where the server cannot be reached.
    """
    with session(address, options) as one:
        faults = [fault for probe in probes for fault in _faults(one, probe, options.seed)]
    if faults:
        told = "\n".join(dict.fromkeys(faults))
        raise InvalidRequest(
            f"The server cannot run the probes:\n{told}",
            "Correct these files, or grant our role what it lacks; no probe has run.",
        )


def _faults(one: Session, probe: Probe, seed: int) -> Iterator[str]:
    source = probe.source or probe.name
    needed = {name for statement in probe.statements for name in statement.parameters}
    drawn: list[Drawn] = []
    for draw in probe.draws:
        try:
            row = drawn_rows(one, draw, seed)[0]
        except DrawRefused as error:
            if not error.is_of_the_moment:
                yield f"{source}: {error}"
            continue
        drawn.append(row)
        if missing := sorted(needed - row.values.keys()):
            yield f'{source}: the draw "{draw.kind}" gives no column {" and none ".join(missing)}'
    if needed and not probe.draws:
        yield f"{source}: nothing is drawn for {', '.join(f':{name}' for name in sorted(needed))}"
    for parameters in drawn or [Drawn()]:
        yield from _statement_faults(one, probe, source, parameters)


def _statement_faults(one: Session, probe: Probe, source: str, drawn: Drawn) -> Iterator[str]:
    for statement in probe.statements:
        try:
            with one.reading():
                plan = planned(one, statement, drawn)
        except StatementRefused as error:
            if not error.is_of_the_moment:
                yield f"{source}:{error.line}: {error}"
            continue
        if probe.writes:
            continue
        if plan.writes:
            tables = ", ".join(dict.fromkeys(written(write.schema, write.table) for write in plan.writes))
            yield f"{source}:{statement.line}: it writes to {tables}, and its header does not say writes: true"
        elif plan.locks_rows:
            yield (
                f"{source}:{statement.line}: it locks rows, which a session that only reads may not, and its header "
                "does not say writes: true"
            )
