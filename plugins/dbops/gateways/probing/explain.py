"""Asks PostgreSQL how it executes a probe: EXPLAIN of each of its statements, in a session as it is measured in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg2

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.query_plan import Plan
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError
from dbops.gateways.probing.query import filled
from dbops.gateways.probing.session import Session, session
from dbops.gateways.server.refusals import is_time_out, said


@contextmanager
def explaining(address: DatabaseAddress, options: ProbeOptions) -> Iterator[Explainer]:
    """Within, probes are explained one after the other; nothing is opened before the first is."""
    with ExitStack() as opened:
        yield Explainer(address, options, opened)


class Explainer:
    """Asks in one session, which knows the catalog better with every probe, and in another where that was lost."""

    def __init__(self, address: DatabaseAddress, options: ProbeOptions, opened: ExitStack) -> None:
        self._address, self._options, self._opened = address, options, opened
        self._session: Session | None = None

    @property
    def is_lost(self) -> bool:
        """Whether there is no session, or none any more, so that the next probe is explained in another."""
        return self._session is None or bool(self._session.connection.closed)

    def plans(self, probe: Probe, drawn: Drawn, *, analyze: bool) -> tuple[Plan, ...]:
        """The plans of a probe's statements, in their order, with these parameters.

        With ``analyze`` each statement is executed, so that later ones see what it did, and a probe that writes is
        rolled back. Raises DatabaseError, without a value of a row, also where there is no session, and
        InvalidConnection behind a transaction pooler.
        """
        one = self._asked()
        if not probe.writes:
            return _plans(one, probe, drawn, analyze=analyze)
        try:
            with one.writing():
                return _plans(one, probe, drawn, analyze=analyze)
        except psycopg2.Error as error:  # of BEGIN or ROLLBACK: the session was lost between statements
            raise one.lost(error) from None

    def _asked(self) -> Session:
        one = self._session
        if one is None or one.connection.closed:
            self._opened.close()
            self._session = one = self._opened.enter_context(session(self._address, self._options))
        return one


def _plans(one: Session, probe: Probe, drawn: Drawn, *, analyze: bool) -> tuple[Plan, ...]:
    found = []
    for statement in probe.statements:
        with _told(one, f"The statement in line {statement.line} of probe {probe.name}", drawn):
            query = filled(one.cursor, statement, drawn).text
            found.append(_plan(one, query, statement, drawn, analyze=analyze))
    return tuple(found)


def _plan(one: Session, query: str, statement: Statement, drawn: Drawn, *, analyze: bool) -> Plan:
    if analyze:
        one.ask(f"EXPLAIN {query}")  # else the planning time would be that of reading the catalog
    options = "FORMAT JSON, VERBOSE, SETTINGS, ANALYZE, BUFFERS" if analyze else "FORMAT JSON, VERBOSE, SETTINGS"
    ((document,),) = one.ask(f"EXPLAIN ({options}) {query}")
    return Plan.of(json.loads(document), kind=drawn.kind, line=statement.line)  # the session leaves JSON a text


@contextmanager
def _told(one: Session, subject: str, drawn: Drawn) -> Iterator[None]:
    """Raise what the driver raises as a DatabaseError that quotes no parameter."""
    try:
        yield
    except psycopg2.Error as error:
        one.require(error)
        remedy = "Correct the probe's file, or grant our role what it lacks."
        if is_time_out(error):
            remedy = "Explain it at a quieter time, or raise probes.statement_timeout or probes.lock_timeout."
        what = f"{subject} could not be explained: {said(error, drawn.values.values())}."
        raise DatabaseError(what, remedy) from None
