"""Executes every probe once: do the application's operations work at all?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import psycopg2

from dbops.domain.connection import DatabaseAddress
from dbops.domain.probes import Probe
from dbops.domain.target import ProbeOptions
from dbops.gateways.probing.draws import DrawRefused, draw
from dbops.gateways.probing.session import Session, session
from dbops.gateways.refusals import said


def execute_once(address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions) -> Mapping[str, str]:
    """By the name of each probe why it does not work, empty where it does; what it writes is rolled back.

    A probe that writes is left out on a replica. Raises DatabaseError where the server cannot be reached.
    """
    with session(address, options) as one:
        ((is_replica,),) = one.ask("SELECT pg_catalog.pg_is_in_recovery()")
        return dict(_tried(one, [probe for probe in probes if not (probe.writes and is_replica)], options))


def _tried(one: Session, probes: Sequence[Probe], options: ProbeOptions) -> Iterator[tuple[str, str]]:
    for probe in probes:
        try:
            drawn = draw(one, probe, options.seed)[0]
        except DrawRefused as error:
            yield probe.name, str(error)
            continue
        try:
            one.timed(one.ready(probe, drawn), writes=probe.writes)
        except psycopg2.Error as error:
            one.require(error)
            yield probe.name, said(error, drawn.values.values())
        else:
            yield probe.name, ""
