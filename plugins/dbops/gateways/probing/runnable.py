"""Asks the server, before any probe runs, whether all of them can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import written
from dbops.errors import InvalidRequest
from dbops.gateways.probing.draws import DrawRefused, drawn_rows
from dbops.gateways.probing.prepared import StatementRefused, planned
from dbops.gateways.probing.privileges import lacking
from dbops.gateways.probing.query import filled
from dbops.gateways.probing.session import Session, session
from dbops.gateways.server.refusals import is_lack_of_privilege


def require_runnable(address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions) -> Mapping[str, str]:
    """Raise one InvalidRequest that names every bad file and line; no probe is executed, only draws are.

    Bad is a statement that the server cannot prepare, that is no query, or that writes where its probe says that it
    does not, and a draw that is refused or lacks a parameter. What only a lock or a full disk stops is not, nor is a
    draw that gives no row. Probes for which our role lacks a privilege are what is returned, by name, each with a
    sentence that says which. Raises DatabaseError where the server cannot be reached.
    """
    with session(address, options) as one:
        return require_runnable_in(one, probes, options.seed)


def require_runnable_in(one: Session, probes: Sequence[Probe], seed: int) -> Mapping[str, str]:
    """The same in an open session, which need not ask these draws again when their parameters are wanted."""
    asking = _Asking(one, seed)
    faults = [fault for probe in probes for fault in asking.faults(probe)]
    if faults:
        told = "\n".join(dict.fromkeys(faults))
        raise InvalidRequest(
            f"The server cannot run the probes:\n{told}",
            "Correct these files; no probe has run.",
        )
    return asking.lacking


class _Asking:
    """What is wrong, probe by probe; ``lacking`` grows meanwhile."""

    def __init__(self, one: Session, seed: int) -> None:
        self.session, self.seed = one, seed
        self.lacking: dict[str, str] = {}

    def faults(self, probe: Probe) -> Iterator[str]:
        source = probe.source or probe.name
        needed = {name for statement in probe.statements for name in statement.parameters}
        drawn: list[Drawn] = []
        for draw in probe.draws:
            try:
                given = drawn_rows(self.session, draw, self.seed)
            except DrawRefused as error:
                if is_lack_of_privilege(error.error):
                    self._lacks(probe, str(error), draw.query)
                elif not error.is_of_the_moment:
                    yield f"{source}: {error}"
                continue
            drawn += given.rows[:1]
            if missing := sorted(needed - set(given.columns)):
                yield f'{source}: the draw "{draw.kind}" gives no column {" and none ".join(missing)}'
        if needed and not probe.draws:
            yield f"{source}: nothing is drawn for {', '.join(f':{name}' for name in sorted(needed))}"
        for parameters in drawn or [Drawn()]:
            yield from self._statement_faults(probe, source, parameters, is_made_up=bool(needed and not drawn))

    def _statement_faults(self, probe: Probe, source: str, drawn: Drawn, *, is_made_up: bool) -> Iterator[str]:
        for statement in probe.statements:
            try:
                with self.session.reading():
                    plan = planned(self.session, statement, drawn)
            except StatementRefused as error:
                if is_lack_of_privilege(error.error):
                    self._lacks(probe, str(error), filled(self.session.cursor, statement, drawn).text)
                elif not (error.is_of_the_moment or (is_made_up and error.is_of_types)):
                    yield f"{source}:{error.line}: {error}"
                continue
            if probe.writes:
                continue
            if plan.writes:
                tables = ", ".join(dict.fromkeys(written(write.schema, write.table) for write in plan.writes))
                yield f"{source}:{statement.line}: it writes to {tables}, and its header does not say writes: true"
            elif plan.locks_rows:
                yield (
                    f"{source}:{statement.line}: it locks rows, which a session that only reads may not, and its "
                    "header does not say writes: true"
                )

    def _lacks(self, probe: Probe, said: str, text: str) -> None:
        if probe.name not in self.lacking:
            self.lacking[probe.name] = lacking(self.session, said, [text])
