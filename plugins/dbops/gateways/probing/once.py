"""Executes every probe once: do the application's operations work at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg2

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing.draws import DrawRefused, NothingDrawn, draw
from dbops.gateways.probing.privileges import lacking
from dbops.gateways.probing.session import Session, session
from dbops.gateways.server.refusals import is_lack_of_privilege, is_of_replica, said


@dataclass(frozen=True)
class Tried:
    """What came of it: ``wrong`` is why it does not work, ``unknown`` why nobody knows; of both at most one is set."""

    wrong: str = ""
    unknown: str = ""


def execute_once(address: DatabaseAddress, probes: Sequence[Probe], options: ProbeOptions) -> Mapping[str, Tried]:
    """By the name of each probe what came of executing it; what it writes is rolled back.

    Nobody knows where our role lacks a privilege, where a replica refuses what its primary would not, or where no
    parameters can be drawn from empty tables. A probe that writes is left out on a replica. Raises DatabaseError where
    the server cannot be reached.
    """
    with session(address, options) as one:
        is_replica = one.is_replica()
        able = [probe for probe in probes if not (probe.writes and is_replica)]
        return {probe.name: _tried(one, probe, options) for probe in able}


def _tried(one: Session, probe: Probe, options: ProbeOptions) -> Tried:
    try:
        drawn = draw(one, probe, options.seed)[0]
    except NothingDrawn as error:
        return Tried(unknown=str(error))
    except DrawRefused as error:
        if is_lack_of_privilege(error.error):
            return Tried(unknown=lacking(one, str(error), [each.query for each in probe.draws]))
        return Tried(wrong=str(error))
    queries = one.ready(probe, drawn)
    try:
        one.timed(queries, writes=probe.writes)
    except psycopg2.Error as error:
        one.require(error)
        return _refused(one, error, said(error, drawn.values.values()), queries)
    return Tried()


def _refused(one: Session, error: psycopg2.Error, sentence: str, queries: Sequence[str]) -> Tried:
    if is_lack_of_privilege(error):
        return Tried(unknown=lacking(one, sentence, queries))
    if is_of_replica(error):
        return Tried(unknown=f"{sentence}; only the primary can tell")
    return Tried(wrong=sentence)
